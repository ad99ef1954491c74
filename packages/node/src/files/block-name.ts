import type { Id } from '@dht/overlay';
import * as dagPb from '@ipld/dag-pb';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { identity } from 'multiformats/hashes/identity';
import { exitCodes } from '../api/contract.ts';
import { DhtError } from '../error.ts';
import { isBlockMultihash, keyOfMultihash } from '../runtime/verify-block.ts';

/** An identity CID carries its bytes itself; longer ones are refused (DESIGN §7). */
const identityBytesMax = 128;

/** Where the bytes of a CID are: in itself, or in the block of this key. */
export type BlockName = { readonly inline: Uint8Array } | { readonly inline: undefined; readonly key: Id; readonly multihash: Uint8Array };

/** A CID of any version and base. Throws a `DhtError` 2 for text that is none, with what else was possible, and for hashes and codecs it cannot read. */
export function parseCid(text: string, alternative: string = ''): CID {
  let cid: CID;
  try {
    cid = CID.parse(text);
  } catch (error) {
    throw new DhtError(exitCodes.usage, `${JSON.stringify(text)} is not a CID${alternative}`, {
      hint: 'A CID looks like bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi; `dht put` prints one.',
      cause: error,
    });
  }
  if (cid.code !== dagPb.code && cid.code !== raw.code) throw unsupported(cid, `codec 0x${cid.code.toString(16)}`);
  blockName(cid);
  return cid;
}

/** Throws a `DhtError` 2 for a hash that is neither sha2-256 nor a short identity. */
export function blockName(cid: CID): BlockName {
  const { code, digest, bytes } = cid.multihash;
  if (code === identity.code) {
    if (digest.length <= identityBytesMax) return { inline: digest };
    throw unsupported(cid, `an identity hash of ${digest.length} bytes`);
  }
  if (!isBlockMultihash(bytes)) throw unsupported(cid, `hash 0x${code.toString(16)} of ${digest.length} bytes`);
  return { inline: undefined, key: keyOfMultihash(bytes), multihash: bytes };
}

function unsupported(cid: CID, what: string): DhtError {
  return new DhtError(exitCodes.usage, `${cid} has ${what}, which is not supported`, {
    hint: `Blocks are UnixFS (dag-pb) or raw, named by sha2-256, or inline up to ${identityBytesMax} bytes.`,
  });
}
