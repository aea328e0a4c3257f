import { describe, expect, it } from 'vitest';
import type { FilterArchitecture } from '../../../../../src/environment/local/sandbox/seccompFilter';
import { seccompFilter } from '../../../../../src/environment/local/sandbox/seccompFilter';

const ALLOW = 'allow';
const EPERM = 'EPERM';
const KILL = 'kill';
const results: Readonly<Record<number, string>> = {
  0x7fff_0000: ALLOW,
  0x0005_0001: EPERM,
  0x8000_0000: KILL,
};

const machines = { x64: 0xc000_003e, arm64: 0xc000_00b7, i386: 0x4000_0003 };

/** Runs a filter as the kernel would, and fails where the kernel would not take it. */
function judge(
  program: Buffer,
  machine: number,
  call: number,
  args: readonly number[] = [],
): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(machine, 4);
  args.forEach((value, index) => data.writeBigUInt64LE(BigInt(value), 16 + 8 * index));
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const code = program.readUInt16LE(at * 8);
    const value = program.readUInt32LE(at * 8 + 4);
    const jump = (holds: boolean): void => {
      at += program.readUInt8(at * 8 + (holds ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x54) accumulator &= value;
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x06) return results[value] ?? String(value);
    else throw new Error(`no such instruction: ${String(code)}`);
  }
  throw new Error('the filter has no end');
}

describe('the filter of system calls', () => {
  const x64 = seccompFilter('x64');
  const onX64 = (call: number, ...args: number[]) => judge(x64, machines.x64, call, args);

  it('lets ordinary calls pass', () => {
    // read, write, openat, recvfrom, shutdown, getsockopt
    for (const call of [0, 1, 257, 45, 48, 55]) expect(onX64(call), String(call)).toBe(ALLOW);
  });

  it('fails calls that reach others, or go past the filter', () => {
    // connect, accept, bind, listen, accept4, ptrace, io_uring_setup, pidfd_getfd
    for (const call of [42, 43, 49, 50, 288, 101, 425, 438]) expect(onX64(call)).toBe(EPERM);
  });

  it('allows Unix sockets of the kinds that need a connection', () => {
    const SOCK_CLOEXEC = 0o2_000_000;
    expect(onX64(41, 1, 1 | SOCK_CLOEXEC)).toBe(ALLOW);
    expect(onX64(53, 1, 5)).toBe(ALLOW);
    expect(onX64(41, 1, 2)).toBe(EPERM);
    expect(onX64(53, 1, 2)).toBe(EPERM);
    for (const family of [2, 10, 16, 17, 40]) expect(onX64(41, family, 1)).toBe(EPERM);
  });

  it('lets data be sent without an address only', () => {
    expect(onX64(44, 3, 0, 0, 0, 0)).toBe(ALLOW);
    expect(onX64(44, 3, 0, 0, 0, 4096)).toBe(EPERM);
    expect(onX64(44, 3, 0, 0, 0, 2 ** 40)).toBe(EPERM);
  });

  it('keeps programs from typing into their terminal', () => {
    expect(onX64(16, 0, 0x5412)).toBe(EPERM);
    expect(onX64(16, 0, 0x5413)).toBe(ALLOW);
  });

  it('ends programs that call the kernel in another way', () => {
    expect(onX64(0x4000_0000 + 42)).toBe(KILL);
    expect(judge(x64, machines.i386, 3)).toBe(KILL);
  });

  it.each<[FilterArchitecture, number, number]>([
    ['x64', 42, 41],
    ['arm64', 203, 198],
  ])('knows the numbers of %s', (architecture, connect, socket) => {
    const filter = seccompFilter(architecture);
    const machine = machines[architecture];
    expect(judge(filter, machine, connect)).toBe(EPERM);
    expect(judge(filter, machine, socket, [2, 1])).toBe(EPERM);
    expect(judge(filter, machine, socket, [1, 1])).toBe(ALLOW);
    expect(judge(filter, machine, 1000)).toBe(ALLOW);
  });
});
