const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const text = (plain: string): string => Buffer.from(plain).toString('base64');

export type Vector = { readonly name: string; readonly form: unknown; readonly password: string };

/** Hashes that others have published together with their passwords, in the forms in which they are imported. */
export const VECTORS: readonly Vector[] = [
  {
    name: 'bcrypt $2a$ (crypt_blowfish)',
    form: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    password: 'U*U',
  },
  {
    name: 'bcrypt $2b$',
    form: '$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK',
    password: 'U*U*',
  },
  {
    name: 'bcrypt $2y$ (PHP manual)',
    form: '$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq',
    password: 'rasmuslerdorf',
  },
  {
    name: 'bcrypt as the contract has it',
    form: {
      value: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
      config: { method: 'bcrypt', bcrypt: { cost: 5 } },
    },
    password: 'U*U',
  },
  {
    name: 'argon2id PHC (reference implementation)',
    form: '$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$GpZ3sK/oH9p7VIiV56G/64Zo/8GaUw434IimaPqxwCo',
    password: 'password',
  },
  {
    name: 'argon2i PHC (reference implementation)',
    form: '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8',
    password: 'password',
  },
  {
    name: 'argon2 as the contract has it',
    form: {
      value: 'GpZ3sK/oH9p7VIiV56G/64Zo/8GaUw434IimaPqxwCo=',
      config: {
        method: 'argon2',
        argon2: {
          memory_in_kb: 65_536,
          iterations: 2,
          parallelism: 4,
          key_length: 32,
          salt: text('somesalt'),
          salt_length: 8,
        },
      },
    },
    password: 'password',
  },
  {
    name: 'PBKDF2 as the contract has it (RFC 6070)',
    form: {
      value: base64('4b007901b765489abead49d926f721d065a429c1'),
      config: {
        method: 'pbkdf2',
        pbkdf2: {
          function: 'sha1',
          number_of_iterations: 4096,
          key_length: 20,
          salt: text('salt'),
          salt_length: 4,
        },
      },
    },
    password: 'password',
  },
  {
    name: 'PBKDF2 with SHA-256 (RFC 7914)',
    form: {
      value: base64(
        '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
      ),
      config: {
        method: 'pbkdf2',
        pbkdf2: { function: 'SHA-256', number_of_iterations: 1, salt: text('salt') },
      },
    },
    password: 'passwd',
  },
  {
    name: 'PBKDF2 PHC',
    form: '$pbkdf2-sha256$i=10000,l=32$wJuJqLoUFsdXa8k3sFhRlA$2waKCbPhZzL+RjWMQqvA1jpb+j56jTAXcNmRD9UTekU',
    password: 'Test@123',
  },
  {
    name: 'PBKDF2 of Django',
    form: 'pbkdf2_sha256$24000$seasalt$V9DfCAVoweeLwxC/L2mb+7swhzF0XYdyQMqmusZqiTc=',
    password: 'lètmein',
  },
  {
    name: 'PBKDF2 of Keycloak',
    form: {
      secretData: JSON.stringify({
        value: 'ZXVC08Hf4jBOoYzVoNWYjQijsMC2oc/OUa9LciiIJ/1XHPF/qPiY1DqwLLDN2hYFmf/1kApkveD8/Pr7GVqjgw==',
        salt: 'Td6XuopYK6JNfUnIlqYMOQ==',
        additionalParameters: {},
      }),
      credentialData: JSON.stringify({
        hashIterations: 27_500,
        algorithm: 'pbkdf2-sha256',
        additionalParameters: {},
      }),
    },
    password: 'RdaRfqP7Y89vy2',
  },
  {
    name: 'scrypt PHC (passlib)',
    form: '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
    password: 'password',
  },
  {
    name: 'scrypt with plain parameters (RFC 7914)',
    form: {
      value: base64(
        '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
      ),
      config: {
        method: 'scrypt',
        scrypt: { cost: 16_384, block_size: 8, parallelism: 1, salt: text('SodiumChloride') },
      },
    },
    password: 'pleaseletmein',
  },
  {
    name: 'scrypt of Django',
    form: 'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==',
    password: 'lètmein',
  },
  {
    name: 'scrypt of Firebase',
    form: {
      value: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
      config: {
        method: 'firebase_scrypt',
        firebase_scrypt: {
          salt: '42xEC+ixf3L2lw==',
          signer_key:
            'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
          salt_separator: 'Bw==',
          rounds: 8,
          mem_cost: 14,
        },
      },
    },
    password: 'user1password',
  },
  {
    name: 'SHA-512 crypt (its specification)',
    form: '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    password: 'Hello world!',
  },
  {
    name: 'SHA-256 crypt with rounds (its specification)',
    form: '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA',
    password: 'Hello world!',
  },
  {
    name: 'MD5 crypt in LDAP (passlib)',
    form: '{CRYPT}$1$ec6XvcoW$ghEtNK2U1MC5l.Dwgi3020',
    password: 'test',
  },
  { name: 'LDAP {SSHA} (slappasswd)', form: '{SSHA}rj5qElfD1JK7PCKSLZzxIldkREeFW2Dv', password: 'tony' },
  {
    name: 'LDAP {SSHA512} (passlib)',
    form: '{SSHA512}f/lFQskkl7PdMsTGJxHZq8LDt/l+UqRMm6/pj4pV7/xZkcOaKCgvQqp+KCeXc/Vd4RY6vEHWn4y0DnFcQ6wgyv9fyxk=',
    password: 'password',
  },
  { name: 'LDAP {SHA} (RFC 2307)', form: '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', password: 'password' },
  {
    name: 'md5 with salt (Django)',
    form: 'md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3',
    password: 'lètmein',
  },
  {
    name: 'sha1 with salt (Django)',
    form: 'sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8',
    password: 'lètmein',
  },
  {
    name: 'sha as the contract has it',
    form: {
      value: base64('cff36ea83f5706ce9aa7454e63e431fc726b2dc8'),
      config: { method: 'sha', sha: { function: 'sha1', salt: text('seasalt'), salt_length: 7 } },
    },
    password: 'lètmein',
  },
];
