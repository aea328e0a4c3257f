import * as z from 'zod';
import { PathTextSchema } from './primitives';

/** The keys that lead to a value, from the top of a TOML document down. */
const TomlPathSchema = z
  .array(z.string())
  .min(1, { message: 'TOML paths must contain at least one key segment' });
export type TomlPath = z.infer<typeof TomlPathSchema>;

export const ReadConfigParamsSchema = z
  .object({
    cwd: PathTextSchema,
    configPaths: z.array(TomlPathSchema),
    requirementsPaths: z.array(TomlPathSchema),
  })
  .refine(
    ({ configPaths, requirementsPaths }) => configPaths.length + requirementsPaths.length > 0,
    { message: 'at least one config or requirements path is required' },
  );
export type ReadConfigParams = z.infer<typeof ReadConfigParamsSchema>;

/** Layers from the weakest to the strongest; each holds what was asked for and nothing else. */
const ConfigStackSchema = z.object({
  layers: z.array(z.object({ source: z.string(), baseDir: z.string(), toml: z.string() })),
  /** Where in `layers` the client puts what it has from elsewhere. */
  cloudInsertionIndex: z.number(),
});

export const ReadConfigResponseSchema = z.object({
  userHomeDir: z.string().nullable(),
  codexHomeDir: z.string(),
  hostname: z.string().nullable(),
  config: ConfigStackSchema,
  requirements: ConfigStackSchema,
});
export type ReadConfigResponse = z.infer<typeof ReadConfigResponseSchema>;
