// The parts of packages without types that the tests use.

declare module 'express-session' {
  import type { RequestHandler } from 'express';
  export default function session(options: {
    secret: string;
    resave: boolean;
    saveUninitialized: boolean;
  }): RequestHandler;
}

declare module 'passport' {
  import type { RequestHandler } from 'express';
  type Done = (error: unknown, user?: unknown) => void;
  const passport: {
    use(name: string, strategy: object): void;
    session(): RequestHandler;
    authenticate(strategy: string, options?: { successRedirect: string }): RequestHandler;
    serializeUser(serialize: (user: unknown, done: Done) => void): void;
    deserializeUser(deserialize: (user: unknown, done: Done) => void): void;
  };
  export default passport;
}

declare module 'passport-openidconnect' {
  type Done = (error: unknown, user?: unknown) => void;
  type Options = Record<
    'issuer' | 'authorizationURL' | 'tokenURL' | 'clientID' | 'clientSecret' | 'callbackURL',
    string
  > & { scope?: string; nonce?: boolean };
  const Strategy: new (
    options: Options,
    verify: (issuer: string, profile: object, done: Done) => void,
  ) => object;
  export default Strategy;
}
