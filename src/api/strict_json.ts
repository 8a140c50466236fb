export { JsonRefused, parseStrictJson } from '../strict_json.ts';
