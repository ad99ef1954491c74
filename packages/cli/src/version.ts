import { readFileSync } from 'node:fs';

// Beside `src` and beside the `dist` of the bundle alike.
const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export const version: string = manifest.version;
