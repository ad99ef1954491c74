import { type SeededRandom, SparseSet } from '@dht/overlay';
import type { BlockRef, CoreInput, CoreOutput } from '@dht/storage';
import { chance, exponential } from '../engine/distributions.ts';
import { type Engine, eventKind } from '../engine/engine.ts';
import type { FaultOptions } from '../injection/faults.ts';
import type { Disk, DiskOptions } from './disk.ts';
import type { HandleTable } from './handle-table.ts';
import type { Host } from './host.ts';

/** The outputs that a disk answers. */
export type DiskRequest = Extract<CoreOutput, { type: 'write' | 'read' | 'has' | 'list' | 'delete' }>;

/** Carries out what one process asks of its disk. What has not come to its end when the process dies never happened, except torn writes. */
export class DiskDriver {
  private readonly engine: Engine;
  private readonly random: SeededRandom;
  private readonly options: DiskOptions;
  private readonly unfinished = new SparseSet<BlockRef>();

  constructor(engine: Engine, random: SeededRandom, options: DiskOptions) {
    this.engine = engine;
    this.random = random;
    this.options = options;
  }

  /** Schedules the request's end. Writes and deletions queue behind each other, as one file takes them; reads do not wait. */
  request(host: Host, disk: Disk, request: DiskRequest): void {
    const { engine } = this;
    if (request.type !== 'write' && request.type !== 'delete') {
      engine.schedule(engine.now + exponential(this.random, this.options.readMsMean) * disk.slowness, eventKind.io, host, request);
      return;
    }
    const size = request.type === 'write' ? request.block.size : 0;
    const cost = (exponential(this.random, this.options.writeMsMean) + size / this.options.bytesPerMs) * disk.slowness;
    disk.busyUntil = Math.max(engine.now, disk.busyUntil) + cost;
    if (request.type === 'write') this.unfinished.add(request.block);
    engine.schedule(disk.busyUntil, eventKind.io, host, request);
  }

  /** The request has come to its end: does it, and says what the core is told. */
  finish(disk: Disk, handles: HandleTable, request: DiskRequest, faults: FaultOptions): CoreInput {
    const { ref } = request;
    switch (request.type) {
      case 'write': {
        this.unfinished.delete(request.block);
        if (!disk.hasRoomFor(request.block)) return { type: 'writeDone', ref, outcome: 'full' };
        disk.write(request.block);
        return { type: 'writeDone', ref, outcome: 'durable' };
      }
      case 'read': {
        const block = disk.get(request.key);
        if (block === undefined) return { type: 'readDone', ref, outcome: 'absent' };
        if (chance(this.random, faults.diskCorruptRate)) disk.spoil(request.key);
        if (disk.isSpoiled(request.key)) return { type: 'readDone', ref, outcome: 'corrupt' };
        return { type: 'readDone', ref, outcome: 'read', handle: handles.take(block.size, this.engine.now), size: block.size };
      }
      case 'has':
        return { type: 'hasDone', ref, sizes: request.keys.map((key) => disk.get(key)?.size ?? -1) };
      case 'list':
        return { type: 'listDone', ref, ...disk.list(request.arc, request.after, request.limit) };
      case 'delete':
        disk.delete(request.key);
        return { type: 'deleteDone', ref, outcome: 'durable' };
    }
  }

  /** The process is gone: each write that was under way is on disk or not, by chance. */
  tear(disk: Disk, faults: FaultOptions): readonly BlockRef[] {
    const written: BlockRef[] = [];
    for (const block of this.unfinished) {
      if (!chance(this.random, faults.tornWriteRate) || !disk.hasRoomFor(block)) continue;
      disk.write(block);
      written.push(block);
    }
    this.unfinished.clear();
    return written;
  }
}
