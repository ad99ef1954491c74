import { streamsPerProtocolMax } from './limits.ts';

/** Messages, after a Hello (DESIGN §6). */
export const mailProtocol = '/dht/mail/1.0.0';
/** Blocks: header and raw bytes. */
export const blockProtocol = '/dht/block/1.0.0';
/** The second plane. Never the public `/ipfs/kad/1.0.0`. */
export const kadProtocol = '/dht/kad/1.0.0';

export const openOptions: { readonly maxOutboundStreams: number } = { maxOutboundStreams: streamsPerProtocolMax };
export const handleOptions: { readonly maxInboundStreams: number; readonly maxOutboundStreams: number } = {
  maxInboundStreams: streamsPerProtocolMax,
  maxOutboundStreams: streamsPerProtocolMax,
};
