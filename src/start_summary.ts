import type { Config } from './config.ts';

/** Made a moment ago and known to nobody else: shown once, stored only as hashes. */
export type GeneratedCredentials = {
  readonly administrator?: { readonly email: string; readonly password: string };
  readonly managementClient?: { readonly id: string; readonly secret: string };
};

/** What a person sees when the server has started: where everything is, and new credentials this one time. */
export function startSummary(
  config: Config,
  startedInMs: number,
  credentials?: GeneratedCredentials,
): string {
  const lines = [
    `Weir is ready after ${(startedInMs / 1000).toFixed(1)} s`,
    '',
    row('API', `${config.publicUrl}/api`),
    ...(config.env === 'production' ? [] : demoRows(config)),
    ...(hasAny(credentials) ? ['', 'New, and shown this once:', ...credentialRows(config, credentials)] : []),
  ];
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`;
}

/** Credentials as lines for a terminal, with where they are used. */
export function credentialRows(config: Config, credentials: GeneratedCredentials): string[] {
  const { administrator, managementClient } = credentials;
  return [
    ...(administrator ? [row('Administrator', `${administrator.email}  ${administrator.password}`)] : []),
    ...(managementClient ? [row('Client', `${managementClient.id}  ${managementClient.secret}`)] : []),
    row('Their issuer', `${config.publicUrl}/${tenantOf(config)}/admin`),
  ];
}

export function hasAny(credentials: GeneratedCredentials | undefined): credentials is GeneratedCredentials {
  return credentials !== undefined && Object.values(credentials).some((value) => value !== undefined);
}

function demoRows(config: Config): string[] {
  const { workspace, person } = config.bootstrap.description.demo;
  const issuer = `${config.publicUrl}/${tenantOf(config)}/${workspace.id}`;
  return [
    row('Demo issuer', issuer),
    row('Discovery', `${issuer}/.well-known/openid-configuration`),
    row('Demo app', `http://localhost:${config.demoPort}`),
    row('Sign in as', `${person.identifier}  ${person.password}`),
  ];
}

function tenantOf({ bootstrap }: Config): string {
  return bootstrap.tenantId ?? bootstrap.description.tenant.id;
}

function row(name: string, value: string): string {
  return `${name.padEnd(14)} ${value}`;
}
