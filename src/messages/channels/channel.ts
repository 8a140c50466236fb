import type { Mail } from '../message.ts';

/** A message, ready to leave, by mail or by text. */
export type Parcel = {
  /** The same for every attempt: by it a receiver recognises a message that it has already. */
  readonly id: string;
  readonly to: string;
  readonly createdAt: Date;
} & ({ readonly channel: 'email'; readonly mail: Mail } | { readonly channel: 'sms'; readonly text: string });

export type Outcome =
  | {
      readonly ok: true;
      /** The name of the channel's driver. */
      readonly by: string;
      /** Who reads the message reads it here: its values are kept. */
      readonly keepValues?: boolean;
    }
  | {
      readonly ok: false;
      /** No later attempt can end otherwise. */
      readonly permanent: boolean;
      /** A class such as `smtp_550`, `http_503`, `timeout`; never a text from outside. */
      readonly error: string;
      /** The receiver let us wait. */
      readonly slow?: boolean;
    };

/** A way out. Never throws: what goes wrong is an outcome. */
export type ChannelDriver = {
  readonly name: string;
  /** @param signal ends the attempt at once, for a server that stops. */
  send(parcel: Parcel, signal: AbortSignal): Promise<Outcome>;
  close(): void;
};

/** What the server has no way out for waits: a transport may be configured while the message is still good. */
export const noTransport: ChannelDriver = {
  name: 'none',
  send: () => Promise.resolve({ ok: false, permanent: false, error: 'no_transport' }),
  close: () => {},
};

/** Development and test without a transport: the message stays where `/dev/mailbox` shows it. */
export const mailbox: ChannelDriver = {
  name: 'mailbox',
  send: () => Promise.resolve({ ok: true, by: 'mailbox', keepValues: true }),
  close: () => {},
};
