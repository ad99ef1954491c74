import type { Host } from '../machine/host.ts';
import { Connection } from './connection.ts';

/** A row has for each end when it was used last, then for each end when the last message to it arrives. */
const used = 0;
const lastArrival = 2;
const rowLength = 4;
/** Nobody looks at the times of a connection that is closed at both ends, but they may be written still: here. */
const rowOfClosed = 0;
const rowsInitial = 1024;
const growth = 1.5;

/** Makes and closes connections, and keeps their times side by side: numbers with fractions are objects of their own anywhere else. */
export class Connections {
  private times = new Float64Array(rowsInitial * rowLength);
  private rows = 1;
  /** Rows of connections that are no more. */
  private readonly free: number[] = [];

  /** A new connection between two hosts, open at both ends. */
  open(a: Host, b: Host, now: number): Connection {
    const connection = new Connection(a, b, this.free.pop() ?? this.nextRow());
    const at = connection.row * rowLength;
    this.times.fill(now, at + used, at + lastArrival);
    this.times.fill(0, at + lastArrival, at + rowLength);
    return connection;
  }

  /** Closes the host's end. */
  close(connection: Connection, host: Host): void {
    connection.closeAt(host);
    if (connection.isOpenAnywhere || connection.row === rowOfClosed) return;
    this.free.push(connection.row);
    connection.row = rowOfClosed;
  }

  /** When the host last sent or received over it. */
  usedMs(connection: Connection, host: Host): number {
    return this.times[connection.row * rowLength + used + connection.endOf(host)] as number;
  }

  use(connection: Connection, host: Host, now: number): void {
    this.times[connection.row * rowLength + used + connection.endOf(host)] = now;
  }

  /** When the last message to the host arrives: connections keep their order. */
  lastArrivalMs(connection: Connection, host: Host): number {
    return this.times[connection.row * rowLength + lastArrival + connection.endOf(host)] as number;
  }

  setLastArrival(connection: Connection, host: Host, ms: number): void {
    this.times[connection.row * rowLength + lastArrival + connection.endOf(host)] = ms;
  }

  private nextRow(): number {
    if ((this.rows + 1) * rowLength > this.times.length) {
      const longer = new Float64Array(Math.ceil(this.rows * growth) * rowLength);
      longer.set(this.times);
      this.times = longer;
    }
    return this.rows++;
  }
}
