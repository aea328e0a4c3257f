/** The processors whose system calls we know by number. */
export type FilterArchitecture = 'x64' | 'arm64';

/**
 * System calls that a program without network must not make. `connect` is among them because it reaches
 * sockets in the file system as well, such as that of Docker, and no filter can tell which.
 */
const forbiddenCalls = {
  connect: { x64: 42, arm64: 203 },
  accept: { x64: 43, arm64: 202 },
  accept4: { x64: 288, arm64: 242 },
  bind: { x64: 49, arm64: 200 },
  listen: { x64: 50, arm64: 201 },
  sendmmsg: { x64: 307, arm64: 269 },
  // They act through another process or past this filter.
  ptrace: { x64: 101, arm64: 117 },
  process_vm_readv: { x64: 310, arm64: 270 },
  process_vm_writev: { x64: 311, arm64: 271 },
  pidfd_getfd: { x64: 438, arm64: 438 },
  io_uring_setup: { x64: 425, arm64: 425 },
  io_uring_enter: { x64: 426, arm64: 426 },
  io_uring_register: { x64: 427, arm64: 427 },
} as const;

const judgedCalls = {
  socket: { x64: 41, arm64: 198 },
  socketpair: { x64: 53, arm64: 199 },
  sendto: { x64: 44, arm64: 206 },
  ioctl: { x64: 16, arm64: 29 },
} as const;

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h. */
const auditArchitecture = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

/** Instructions and results of linux/bpf_common.h and linux/seccomp.h. */
const LOAD = 0x20;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const FAIL_WITH_EPERM = 0x0005_0001;

/** Offsets in what the kernel gives the filter to judge: call number, architecture, arguments of 64 bits. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

/** Numbers from here on are of another calling convention of x86-64, under which each call has a second one. */
const X32_CALLS = 0x4000_0000;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCKET_TYPE_MASK = 0xf;
/** Pushes a character into a terminal as if it had been typed. */
const TIOCSTI = 0x5412;

interface Instruction {
  readonly code: number;
  readonly whenTrue?: number;
  readonly whenFalse?: number;
  readonly value: number;
}

/** Instructions over which the one before skips when its condition does not hold. */
type Block = readonly Instruction[];

/**
 * A filter of system calls for a program without network: Unix sockets between its own processes still
 * work where they come in pairs. Datagram sockets are refused, because they need no `connect`.
 */
export function seccompFilter(architecture: FilterArchitecture): Buffer {
  const fail: Instruction = { code: RETURN, value: FAIL_WITH_EPERM };
  const allow: Instruction = { code: RETURN, value: ALLOW };
  const kill: Instruction = { code: RETURN, value: KILL_PROCESS };
  const load = (value: number): Instruction => ({ code: LOAD, value });
  const unlessEqual = (value: number, block: Block): Block => [
    { code: JUMP_EQUAL, whenTrue: block.length, value },
    ...block,
  ];
  const whenEqual = (value: number, block: Block): Block => [
    { code: JUMP_EQUAL, whenFalse: block.length, value },
    ...block,
  ];
  const onlyUnixStreams: Block = [
    load(argument(0)),
    ...unlessEqual(AF_UNIX, [fail]),
    load(argument(1)),
    { code: AND, value: SOCKET_TYPE_MASK },
    ...whenEqual(SOCK_STREAM, [allow]),
    ...whenEqual(SOCK_SEQPACKET, [allow]),
    fail,
  ];
  const program: Instruction[] = [
    load(ARCHITECTURE),
    ...unlessEqual(auditArchitecture[architecture], [kill]),
    load(NUMBER),
    ...(architecture === 'x64'
      ? [{ code: JUMP_AT_LEAST, whenFalse: 1, value: X32_CALLS }, kill]
      : []),
    ...Object.values(forbiddenCalls).flatMap((call) => whenEqual(call[architecture], [fail])),
    ...whenEqual(judgedCalls.socket[architecture], onlyUnixStreams),
    ...whenEqual(judgedCalls.socketpair[architecture], onlyUnixStreams),
    // To a socket that has its other end; an address would name another one.
    ...whenEqual(judgedCalls.sendto[architecture], [
      load(argument(4)),
      ...unlessEqual(0, [fail]),
      load(argument(4) + 4),
      ...unlessEqual(0, [fail]),
      allow,
    ]),
    ...whenEqual(judgedCalls.ioctl[architecture], [
      load(argument(1)),
      ...whenEqual(TIOCSTI, [fail]),
      allow,
    ]),
    allow,
  ];
  return Buffer.concat(program.map(encode));
}

function encode({ code, whenTrue = 0, whenFalse = 0, value }: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(whenTrue, 2);
  bytes.writeUInt8(whenFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
