import type { StatusReply } from '../api/contract.ts';

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly value: number;
}

/** Prometheus text exposition format 0.0.4. */
export function prometheusText(status: StatusReply, counters: Readonly<Record<string, number>>): string {
  return [...statusMetrics(status), ...counterMetrics(counters)]
    .map(({ name, type, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join('');
}

function statusMetrics(status: StatusReply): readonly Metric[] {
  const gauge = (name: string, help: string, value: number): Metric => ({ name: `dht_${name}`, type: 'gauge', help, value });
  return [
    gauge('active', 'Whether this node is a member of its network.', status.status === 'active' ? 1 : 0),
    gauge('synced', 'Whether this node has everything of its arc.', status.arc?.synced === true ? 1 : 0),
    gauge('estimated_nodes', 'Nodes of the network, estimated from the leaf set.', status.estimatedNodes),
    gauge('connections', 'Peers connected.', status.connections),
    gauge('leaf_set_size', 'Members of the leaf set.', status.leafSetSize),
    gauge('routing_table_size', 'Contacts in the routing table.', status.routingTableSize),
    gauge('blocks', 'Blocks on this disk.', status.blocks),
    gauge('block_bytes', 'Bytes of the blocks on this disk.', status.bytes),
    gauge('uptime_seconds', 'Since the start of this daemon.', status.uptimeMs / 1000),
    {
      name: 'dht_connections_opened_total',
      type: 'counter',
      help: 'Connections opened since the start, by this node or to it.',
      value: status.connectionsOpened,
    },
    {
      name: 'dht_messages_sent_total',
      type: 'counter',
      help: 'Messages given to the transport since the start.',
      value: status.messagesSent,
    },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory size in bytes.', value: status.rssBytes },
    { name: 'process_cpu_seconds_total', type: 'counter', help: 'Processor time spent in seconds.', value: status.cpuSeconds },
  ];
}

/** `repairBytes` → `dht_repair_bytes_total`. */
function counterMetrics(counters: Readonly<Record<string, number>>): readonly Metric[] {
  return Object.entries(counters).map(([name, value]) => {
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const words = snake.replaceAll('_', ' ');
    return { name: `dht_${snake}_total`, type: 'counter', help: `Storage protocol: ${words} since the start.`, value };
  });
}
