const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;

/**
 * Every bound of the executor, in one place. Sizes are bytes, times milliseconds. "Measured peer" is
 * `codex exec-server` 0.169.0; where a value equals the peer's, clients already live with it.
 */
export const defaultLimits = {
  /** One inbound message. Equals the measured peer; file content arrives as base64, so about 48 MiB of it. */
  maxMessageBytes: 64 * MIB,
  /** JSON values in one inbound message (measured peer). Bounds what a small hostile text can expand to. */
  maxJsonValues: 262_144,
  /** Nesting of one inbound message (measured peer). */
  maxJsonDepth: 128,
  /** Request line and headers before the upgrade; Node's own default, stated here because it is a guard. */
  maxHeaderBytes: 16 * KIB,
  /** Fragments of one message and chunks buffered for it: their overhead is memory too, not only their bytes. */
  maxMessageFragments: 4096,
  maxBufferedChunks: 65_536,
  /** Sockets that have not passed the token check yet. Enough for a burst of reconnects, too few to hurt. */
  maxUnauthenticatedSockets: 32,
  /** Time from the TCP connect to a finished upgrade; the client's own connect deadline is 10 s. */
  upgradeTimeoutMs: 10 * SECOND,
  /** Time from the upgrade to a successful `initialize`; the client's own deadline is 10 s. */
  initializeTimeoutMs: 10 * SECOND,
  /**
   * Longest wait for what a remote environment tells about itself, below the 10 s that clients give
   * `initialize` and `environment/status`.
   */
  environmentInfoMs: 8 * SECOND,
  /** Authenticated agent connections. One agent uses one, and one person runs a few dozen at most. */
  maxConnections: 64,
  /** Sessions, detached ones included. */
  maxSessions: 128,
  /** Processes of one session that have not closed. */
  maxProcessesPerSession: 64,
  /** Processes of all sessions that have not closed. */
  maxProcesses: 256,
  /** Requests of one connection that wait for their turn; beyond it the socket is not read. */
  maxQueuedRequests: 64,
  /** Bytes of those: 64 of the largest messages would be 4 GiB. */
  maxQueuedRequestBytes: 64 * MIB,
  /** Requests of one connection that took effect and now wait (long polls, writes to a full child). */
  maxWaitingRequests: 1024,
  /** Bytes of those: input for a child that does not read stays in memory until it does. */
  maxWaitingRequestBytes: 64 * MIB,
  /** Output kept per process, newest first (measured peer). */
  maxRetainedOutputBytes: 1 * MIB,
  /** Chunks kept per process: one-byte chunks must not cost more memory than their bytes (peer's source). */
  maxRetainedOutputChunks: 50_000,
  /** Send queue of a connection at which its processes stop being read, and below which they go on. */
  sendQueueHighBytes: 512 * KIB,
  sendQueueLowBytes: 128 * KIB,
  /** Send queue at which no further request takes its turn: a client that never reads must not pile up answers. */
  sendQueueFullBytes: 8 * MIB,
  /** Input waiting for a child that does not read; a write beyond it waits for its answer. */
  maxQueuedStdinBytes: 8 * MIB,
  /** Accepted write ids remembered per process, so that a retried write is not doubled (measured peer). */
  maxRememberedWriteIds: 4096,
  /** How long a closed process stays readable and its id taken (measured peer). */
  closedProcessRetentionMs: 80 * SECOND,
  /**
   * Closed processes of all sessions, and their output, kept for that long; beyond it the oldest go at
   * once. Without these an agent that runs many short programs would fill the memory in 80 seconds.
   */
  maxClosedProcesses: 4096,
  maxClosedOutputBytes: 128 * MIB,
  /** How long a session outlives its connection (measured peer); the client gives up after 45 s. */
  detachedSessionTtlMs: 80 * SECOND,
  /** Longest `waitMs` of a `process/read`. */
  maxReadWaitMs: 60 * SECOND,
  /** Largest file `fs/readFile` returns whole (measured peer). */
  maxReadFileBytes: 512 * MIB,
  /**
   * Files one connection holds open, bytes of the id a caller gives one, and of a block of it (all as the
   * measured peer has them).
   */
  maxOpenFilesPerConnection: 128,
  maxFileHandleIdBytes: 32,
  maxFileBlockBytes: 1 * MIB,
  /** What a caller may ask of one `fs/walk`, and the bytes of its reply (measured peer). */
  maxWalkDepth: 64,
  maxWalkDirectories: 10_000,
  maxWalkEntries: 50_000,
  maxWalkReplyBytes: 4 * MIB,
  /** Names taken from one directory of a walk: twice what may be listed, and no directory fills the memory. */
  maxWalkDirectoryNames: 100_000,
  /** Longest walk: on a slow network share the limits above would let one take minutes. */
  maxWalkMs: 20 * SECOND,
  /** Paths of one `fs/watchMissing` (measured peer), and directories watched for them, which the system counts. */
  maxWatchedPaths: 64,
  maxWatchedDirectories: 256,
  /** HTTP requests of one connection under way, streams included; a client's servers each take one or two. */
  maxHttpRequestsPerConnection: 128,
  /** Response bodies of one connection that are answered whole, together; base64 makes them a third longer. */
  maxHttpBodyBytes: 64 * MIB,
  /** Headers of one HTTP response: some servers send more than Node's 16 KiB. */
  maxHttpResponseHeaderBytes: 256 * KIB,
  /** Redirects followed for one request (measured peer). */
  maxHttpRedirects: 10,
  /** Longest wait for a host to take a connection; the system alone would try for minutes. */
  httpConnectTimeoutMs: 30 * SECOND,
  /** Rules of one sandbox; a client's own policies have about ten. */
  maxSandboxEntries: 512,
  /** Files a rule of patterns is compared with at one start; beyond it the start is refused, because rules must hold. */
  maxSandboxGlobEntries: 20_000,
  maxSandboxGlobMatches: 1000,
  /** Helpers for confined file operations, each for another policy and about 45 MiB, and how long one waits for work. */
  maxFileHelpers: 4,
  fileHelperIdleMs: 30 * SECOND,
  /** From the start of a helper, or of the check whether programs can be confined, to its first word. */
  sandboxStartMs: 10 * SECOND,
  /** JSON part of one answer of a helper; a directory of 100,000 names takes about 10 MiB. */
  maxFileHelperAnswerBytes: 64 * MIB,
  /** Shells whose state is kept for later starts, each in an open file: one or two for each thread of an agent. */
  maxShellSnapshots: 32,
  /** State of one of them. Version managers and completions come to some hundred KiB. */
  maxShellSnapshotBytes: 4 * MIB,
  /** How long a login shell may take to tell its state (measured peer); nobody waits for it. */
  shellSnapshotMs: 10 * SECOND,
  /** One configuration file of Codex; real ones have a few KiB. */
  maxConfigFileBytes: 4 * MIB,
  /** Remotes taken from `environments.toml`: more than anybody picks from a list. */
  maxCodexEnvironments: 64,
  /** Folders one `capabilityRoots/discoverV1` may name, and one file of a skill or plugin (measured peer). */
  maxCapabilityRoots: 128,
  maxCapabilityFileBytes: 1 * MIB,
  /** How far a folder is searched for skills, and the longest name of one (measured peer). */
  maxDiscoveryDepth: 6,
  maxDiscoveryDirectories: 2000,
  maxDiscoveryEntries: 20_000,
  maxSkillNameLength: 64,
  /** Characters of YAML in one file of a skill: a hundred times a real one, and parsed without a pause. */
  maxSkillYamlLength: 64 * KIB,
  /** The files of one discovery together: they are all in its answer. */
  maxDiscoveredFileBytes: 32 * MIB,
  /** Plugins of one discovery; each costs a search of its folder. */
  maxDiscoveredPlugins: 256,
  /** Interval of pings (measured peer: 30 s), and the silence after which a socket counts as dead. */
  pingIntervalMs: 15 * SECOND,
  deadConnectionMs: 45 * SECOND,
  /** How long the old socket of a session may take to prove it is alive before a resume takes over. */
  takeoverPingMs: 1 * SECOND,
  /** From the polite signal to the forced one when the executor ends processes by itself. */
  terminateGraceMs: 2 * SECOND,
  /** Longest wait for a close handshake before the socket is cut. */
  closeHandshakeMs: 1 * SECOND,
  /** Whole shutdown, trees included. */
  shutdownMs: 4 * SECOND,
  /** Refused tokens per minute before answers are delayed; a person mistyping stays far below. */
  maxAuthFailuresPerMinute: 10,
  /** Bytes of an id or a client name a caller may choose. */
  maxIdBytes: 256,
  /**
   * Between attempts to reach a remote environment: doubled from the first to the second. Somebody who
   * starts it sees it ready within half a minute, and one that is down costs next to nothing.
   */
  remoteRetryMs: 1 * SECOND,
  maxRemoteRetryMs: 30 * SECOND,
  /**
   * How long the session of a reader stays at the remote when nothing runs in it. Agents start the next
   * command within seconds; the remote counts connections and sessions.
   */
  remoteReaderIdleMs: 30 * SECOND,
  /**
   * How long output of a process at a remote may come after its exit and is told before it: at the measured
   * peer one exit in twenty overtakes the last line of a terminal. Only a program that leaves another one in
   * the background with its output is told this much later to have ended.
   */
  remoteLastOutputMs: 100,
  /** From the forced end of a process at a remote to giving it up there; the way to it may be stuck. */
  remoteEndMs: 1 * SECOND,
  /**
   * Largest content sent to a remote, or asked of it, in one message: the measured peer cuts the
   * connection at a frame of 16 MiB, which as base64 holds 12, and meanwhile nothing else passes. More
   * goes in blocks.
   */
  maxRemoteMessageContentBytes: 11 * MIB,
  /** Largest file taken in one message from a remote that has no blocks: as base64 still one string. */
  maxRemoteWholeFileBytes: 256 * MIB,
  /** Blocks of one file on their way at once: enough to fill a line with some latency. */
  maxRemoteBlocksUnderWay: 4,
  /** One piece of input for a program at a remote. Larger input is cut up. */
  maxRemoteInputBytes: 1 * MIB,
  /** Owner windows at once. Two overlap for a moment when a window reloads. */
  maxOwners: 4,
  /** Lines of the log kept for windows that connect later: a fraction of a megabyte. */
  maxLogLines: 500,
  /** Unacknowledged output of one viewer; beyond it the viewer skips ahead with a notice. */
  viewerWindowBytes: 256 * KIB,
  /**
   * From the first step to an open connection with another exec-server, and for a program that has to be
   * started for it: one such as `ssh` may have to look for its host first.
   */
  connectTimeoutMs: 10 * SECOND,
  programConnectTimeoutMs: 30 * SECOND,
  /** How long a lost connection is tried again (the measured peer's client); servers keep sessions for 80 s. */
  recoveryDeadlineMs: 45 * SECOND,
  /** Waits between those tries: the first is no wait, then this, doubled up to the longest. */
  firstRetryDelayMs: 100,
  maxRetryDelayMs: 2 * SECOND,
  /** How often a call is repeated whose answer was lost: one that itself breaks the connection must end. */
  maxCallRepeats: 8,
  /** One reply: Node holds no longer text. File content is base64, so about 384 MiB of it. */
  maxReplyBytes: 512 * MIB,
  /** JSON values in one reply; a directory of a million names has four million. */
  maxReplyJsonValues: 4 * MIB,
  /** What a remote tells about itself, as JSON: real ones have a few thousand, and it is in every snapshot. */
  maxEnvironmentInfoChars: 64 * KIB,
  /** Text of a refusal that is kept: it goes into logs, lists and terminals, and on to agents. */
  maxErrorMessageChars: 16 * KIB,
  /**
   * One piece of output: no more than is kept of all of it. Servers send 64 KiB at most, and what is passed
   * on in one message must fit the limits of whoever gets it.
   */
  maxOutputChunkBytes: 1 * MIB,
  /** Events of one process that came before one they must follow (the measured peer's client). */
  maxReorderedEvents: 256,
  maxReorderedBytes: 1 * MIB,
  /** The same while what is missing is on its way: as much as a fast line carries in the time of one answer. */
  maxHeldEvents: 8192,
  maxHeldBytes: 16 * MIB,
  /** How long an event may be overtaken by later ones before it is asked for. */
  missingEventMs: 1 * SECOND,
  /** What a reader of a body or of events is behind when the connection pauses, and when it is cut off. */
  maxUnreadBytes: 1 * MIB,
  maxUnreadBytesDuringCalls: 64 * MIB,
  /** From the end of its input to the polite signal, and from that to the forced one, for a program we talked to. */
  programExitMs: 2 * SECOND,
  /** How long its last words are waited for once it has ended, when something else still holds its pipes. */
  programLastWordsMs: 500,
  /** Last words of such a program that are kept, and the longest line that is logged. */
  maxProgramLineBytes: 4 * KIB,
  /** Exited processes and ended sessions remembered for the tree. */
  maxRememberedExits: 200,
  /** Output of those that is kept, so that a terminal can still show it. */
  maxRememberedOutputBytes: 32 * MIB,
  maxRememberedSessions: 20,
  /** How long a tool waits for a command at most and by default, as the tools of the Codex CLI of those names. */
  minToolYieldMs: 250,
  maxToolYieldMs: 30 * SECOND,
  defaultToolYieldMs: 10 * SECOND,
  /** The same where nothing is typed and a tool only waits for output. */
  minToolPollMs: 5 * SECOND,
  maxToolPollMs: 300 * SECOND,
  /** How long the rest of a program's output may take after it exited: what it left behind can hold it open for ever. */
  toolOutputRestMs: 500,
  /** Output of the tools' commands read in each interval, 10 MB/s: about a tenth of what fills the editor's one thread. */
  maxToolOutputBytesPerInterval: 512 * KIB,
  toolOutputIntervalMs: 50,
  /** Output of a command held until a tool asks for it, in characters; a model takes a twentieth of that. */
  maxToolOutputChars: 1 * MIB,
  /** Tokens of output a model gets by default (as in the Codex CLI), and at most. */
  defaultToolOutputTokens: 10_000,
  maxToolOutputTokens: 50_000,
  /** Commands that tools can go back to; as many as a session may run. */
  maxToolCommands: 64,
  /** Characters of a command or of input shown before it is confirmed; more than a person reads. */
  maxConfirmedChars: 16 * KIB,
  /** Calls of tools of which the place is known that their question named; more than wait for an answer. */
  maxPreparedToolCalls: 256,
  /** A file that tools read or patch. Sources are far smaller, and all of it passes through the editor's memory. */
  maxToolFileBytes: 16 * MIB,
  /** Lines a tool reads by default, characters of one line, and of all together. */
  defaultToolLines: 2000,
  maxToolLineChars: 2000,
  maxToolTextChars: 256 * KIB,
  /** An image for a model; those take about 5 to 20 MiB. */
  maxToolImageBytes: 10 * MIB,
  /** Entries a tool lists by default and at most, entries looked through for them, and levels of folders. */
  defaultToolEntries: 200,
  maxToolEntries: 2000,
  maxToolScannedEntries: 20_000,
  maxToolListDepth: 16,
  /** A patch a tool applies, and the files in it, which are all listed before it is confirmed. */
  maxPatchChars: 4 * MIB,
  maxPatchFiles: 500,
} as const;

/** The bounds an executor runs with; tests lower single ones. */
export type Limits = { readonly [K in keyof typeof defaultLimits]: number };
