import * as z from 'zod';
import { DirectoryEntrySchema } from '../../../protocol/fileSystemMessages';

/** What a helper answers: the results of the wire, and the plain values between the two of us. */
export { GetMetadataResponseSchema as MetadataSchema } from '../../../protocol/fileSystemMessages';
export { WalkResponseSchema as WalkSchema } from '../../../protocol/walkMessages';
export const EntriesSchema = z.array(DirectoryEntrySchema);
export const PathSchema = z.string();
/** The number by which the helper knows an open file. */
export const FileSchema = z.number();
