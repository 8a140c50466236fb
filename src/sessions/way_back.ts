import type { Payload } from './artefacts.ts';

/** What leads a person back to the application when their sign-in is over. */
export type WayBack = { readonly params?: { readonly client_id?: string; readonly redirect_uri?: string } };

/** What a closed interaction keeps of its stored payload: who asked, and where they wait. */
export function whatRemains(payload: string | undefined): string {
  const params = payload === undefined ? undefined : ((JSON.parse(payload) as Payload).params as Payload);
  return JSON.stringify({ params: { client_id: params?.client_id, redirect_uri: params?.redirect_uri } });
}
