export { type DecodedFrame, decodeFrame, encodedSize, encodeFrame, encodeFrames, encodeUnsupported, FrameWriter } from './frame.ts';
export { FrameReader } from './frame-reader.ts';
export { decodeHello, encodeHello, type Hello, negotiateVersion, supportedVersions, type VersionRange } from './hello.ts';
export { limits } from './limits.ts';
export { decodeNetworkDescriptor, encodeNetworkDescriptor, type NetworkDescriptor } from './network.ts';
export { decodePeerRecord, encodePeerRecord, idOfKey, type PeerRecord } from './peer-record.ts';
export { type BlockEvent, BlockReader, decodeTransferHeader, encodedTransferSize, encodeTransferHeader } from './transfer.ts';
export { WireError, type WireErrorCode } from './wire-error.ts';
