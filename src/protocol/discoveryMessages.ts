import * as z from 'zod';
import { PathTextSchema } from './primitives';

/** A file and its text. */
const CapabilityFileSchema = z.object({ path: z.string(), contents: z.string() });
export type CapabilityFile = z.infer<typeof CapabilityFileSchema>;

/** What a plugin says about itself, and the configurations it points to. */
const PluginFilesSchema = z.object({
  manifest: CapabilityFileSchema,
  mcpConfig: CapabilityFileSchema.nullable(),
  appsConfig: CapabilityFileSchema.nullable(),
});
export type PluginFiles = z.infer<typeof PluginFilesSchema>;

const SkillDependenciesSchema = z.object({
  tools: z.array(
    z.object({
      type: z.string(),
      value: z.string(),
      description: z.string().nullable(),
      transport: z.string().nullable(),
      command: z.string().nullable(),
      url: z.string().nullable(),
      oauthCallbackPort: z.number().nullable(),
    }),
  ),
});
export type SkillDependencies = z.infer<typeof SkillDependenciesSchema>;

const SkillPolicySchema = z.object({
  allowImplicitInvocation: z.boolean().nullable(),
  products: z.array(z.string()),
});
export type SkillPolicy = z.infer<typeof SkillPolicySchema>;

const pluginSkill = {
  name: z.string(),
  description: z.string(),
  shortDescription: z.string().nullable(),
  path: z.string(),
  dependencies: SkillDependenciesSchema.nullable(),
  policy: SkillPolicySchema.nullable(),
};
const PluginSkillSchema = z.object(pluginSkill);
export type DiscoveredSkill = z.infer<typeof PluginSkillSchema>;

const PluginSchema = z.object({
  id: z.string(),
  displayName: z.string(),
  remotePluginId: z.string().nullable(),
  version: z.string().nullable(),
  root: z.string(),
  files: PluginFilesSchema,
  skills: z.array(PluginSkillSchema),
});
export type DiscoveredPlugin = z.infer<typeof PluginSchema>;

export const DiscoverParamsSchema = z.object({
  cwd: PathTextSchema,
  /** Refused by the handler, never ignored. */
  sandbox: z.unknown().optional(),
});
export type DiscoverParams = z.infer<typeof DiscoverParamsSchema>;

const DiscoveryRootSchema = z.object({ id: z.string(), path: z.string() });
export type DiscoveryRoot = z.infer<typeof DiscoveryRootSchema>;

export const DiscoverResponseSchema = z.object({
  plugins: z.array(PluginSchema),
  skills: z.array(z.object({ ...pluginSkill, discoveryRoot: DiscoveryRootSchema })),
  warnings: z.array(z.string()),
});
export type DiscoverResponse = z.infer<typeof DiscoverResponseSchema>;

export const DiscoverRootsParamsSchema = z.object({
  roots: z.array(z.object({ id: z.string(), path: PathTextSchema })),
  /** Refused by the handler, never ignored. */
  sandbox: z.unknown().optional(),
});
export type DiscoverRootsParams = z.infer<typeof DiscoverRootsParamsSchema>;

const CapabilityRootSchema = z.object({
  id: z.string(),
  path: z.string(),
  plugin: PluginFilesSchema.nullable(),
  skills: z.array(
    z.object({ instructions: CapabilityFileSchema, metadata: CapabilityFileSchema.nullable() }),
  ),
  /** Manifests of the plugins that skills here belong to; a skill is called by its plugin's name too. */
  namespaceManifests: z.array(CapabilityFileSchema),
  warnings: z.array(z.string()),
  error: z.string().nullable(),
});

export const DiscoverRootsResponseSchema = z.object({ roots: z.array(CapabilityRootSchema) });
export type DiscoverRootsResponse = z.infer<typeof DiscoverRootsResponseSchema>;
