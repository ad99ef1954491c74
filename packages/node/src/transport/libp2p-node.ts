import { noise } from '@chainsafe/libp2p-noise';
import { type Identify, identify } from '@libp2p/identify';
import type { ComponentLogger, ConnectionEncrypter, PeerId, PrivateKey, SecureConnectionOptions } from '@libp2p/interface';
import { defaultLogger } from '@libp2p/logger';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2p, type Libp2pInit } from 'libp2p';
import * as limits from './limits.ts';
import { noiseCrypto } from './noise-crypto.ts';
import { silentLogger } from './silent-logger.ts';
import { coalesceWrites } from './write-coalescing.ts';

/** libp2p's own parts, which a service is given: transports to dial with, and what kad-dht needs when it starts later. */
export type Libp2pComponents = Parameters<NonNullable<Libp2pInit['services']>[string]>[0];

export interface Libp2pNode {
  readonly libp2p: Libp2p;
  readonly components: Libp2pComponents;
  readonly identify: Identify;
}

export interface Libp2pNodeInit {
  readonly privateKey: PrivateKey;
  readonly listen: readonly string[];
  /** What kad-dht may dial. This transport dials for itself and asks nobody. */
  readonly mayDial: (peer: PeerId) => boolean;
  readonly connectionsMax: number;
}

/**
 * A libp2p node, not yet started: TCP, Noise, yamux, identify, ping. It does nothing of its own accord: it dials nobody, pings
 * nobody, redials nobody, and identifies a peer only when asked.
 */
export async function createNode(init: Libp2pNodeInit): Promise<Libp2pNode> {
  let components: Libp2pComponents | undefined;
  const libp2p = await createLibp2p({
    start: false,
    privateKey: init.privateKey,
    logger: logger(),
    addresses: { listen: [...init.listen] },
    transports: [tcp({ inboundSocketInactivityTimeout: limits.socketIdleMs, outboundSocketInactivityTimeout: limits.socketIdleMs })],
    connectionEncrypters: [coalescingNoise],
    streamMuxers: [yamux(muxerOptions)],
    connectionManager: { ...connectionOptions, maxConnections: init.connectionsMax },
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialPeer: (peer) => !init.mayDial(peer), denyDialMultiaddr: () => false },
    services: {
      identify: identify({ runOnConnectionOpen: false, maxInboundStreams: limits.streamsPerProtocolMax }),
      ping: ping({ maxInboundStreams: limits.streamsPerProtocolMax, maxOutboundStreams: limits.streamsPerProtocolMax }),
      internals: (given: Libp2pComponents) => {
        components = given;
        return {};
      },
    },
  });
  if (components === undefined) throw new Error('libp2p did not create its services');
  return { libp2p, components, identify: libp2p.services.identify };
}

const muxerOptions = {
  // A failed keep-alive is only logged, and its timer costs; heartbeats and idle limits do this work.
  enableKeepAlive: false,
  maxInboundStreams: limits.streamsPerConnectionMax,
  maxOutboundStreams: limits.streamsPerConnectionMax,
  streamOptions: {
    initialStreamWindowSize: limits.streamWindowBytes,
    maxStreamWindowSize: limits.streamWindowBytes,
    maxReadBufferLength: limits.readBufferBytes,
  },
} as const;

const connectionOptions = {
  inboundConnectionThreshold: limits.inboundConnectionsPerSecondMax,
  maxIncomingPendingConnections: limits.inboundPendingMax,
  maxParallelDials: 16,
  maxDialQueueLength: 128,
  dialTimeout: 5000,
  addressDialTimeout: 2000,
  inboundUpgradeTimeout: 5000,
  reconnectRetries: 0,
  maxParallelReconnects: 1,
} as const;

/** `DEBUG=libp2p:*` shows what libp2p does, as everywhere. */
function logger(): ComponentLogger {
  return process.env.DEBUG === undefined ? silentLogger : defaultLogger();
}

type NoiseComponents = Parameters<ReturnType<typeof noise>>[0];

/** Noise with this program's cryptography, on connections that write once a turn. */
function coalescingNoise(components: NoiseComponents): ConnectionEncrypter {
  const encrypter = noise({ crypto: noiseCrypto })(components);
  return {
    protocol: encrypter.protocol,
    secureInbound: (connection, options?: SecureConnectionOptions) => {
      coalesceWrites(connection);
      return encrypter.secureInbound(connection, options);
    },
    secureOutbound: (connection, options?: SecureConnectionOptions) => {
      coalesceWrites(connection);
      return encrypter.secureOutbound(connection, options);
    },
  };
}
