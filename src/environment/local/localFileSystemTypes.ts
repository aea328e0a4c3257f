/**
 * File systems of which all there is to know is on this machine, by the numbers of statfs(2): ext2 to 4,
 * tmpfs, ramfs, overlayfs, xfs, btrfs, zfs, f2fs, bcachefs, ecryptfs, squashfs.
 */
const localTypes: ReadonlySet<number> = new Set([
  0xef53, 0x01021994, 0x858458f6, 0x794c7630, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010,
  0xca451a4e, 0xf15f, 0x73717368,
]);

/** @param type as statfs(2) tells it; Node passes it on as a signed number. */
export function isLocalFileSystem(type: number): boolean {
  return localTypes.has(type >>> 0);
}
