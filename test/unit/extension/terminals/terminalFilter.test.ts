import { describe, expect, it } from 'vitest';
import { TerminalFilter } from '../../../../src/extension/terminals/terminalFilter';

const ESC = '\u001b';
const CSI = `${ESC}[`;
const BEL = '\u0007';
const ST = `${ESC}\\`;
const CLIPBOARD = 'c;c2VjcmV0';

/** What must not reach a terminal: name, output, and what may be shown of it. */
const dropped: readonly (readonly [string, string, string?])[] = [
  ['clipboard write, BEL', `${ESC}]52;${CLIPBOARD}${BEL}`],
  ['clipboard write, ST', `${ESC}]52;${CLIPBOARD}${ST}`],
  ['clipboard write, 8-bit ST', `${ESC}]52;${CLIPBOARD}\u009c`],
  ['clipboard write, 8-bit OSC', `\u009d52;${CLIPBOARD}${BEL}`],
  ['clipboard write, 8-bit on both ends', `\u009d52;${CLIPBOARD}\u009c`],
  ['clipboard read', `${ESC}]52;c;?${BEL}`],
  ['clipboard write with leading zeros', `${ESC}]0052;${CLIPBOARD}${BEL}`],
  ['clipboard write cut off by CAN', `${ESC}]52;${CLIPBOARD}\u0018`],
  ['clipboard write cut off by another sequence', `${ESC}]52;${CLIPBOARD}${CSI}1m`, `${CSI}1m`],
  ['title', `${ESC}]0;bash${BEL}${ESC}]1;x${BEL}${ESC}]2;y${ST}`],
  ['colour query', `${ESC}]11;?${BEL}${ESC}]4;1;?${ST}`],
  ['palette change', `${ESC}]10;#000000${BEL}`],
  ['notification', `${ESC}]9;hello${BEL}${ESC}]777;notify;a;b${BEL}`],
  ['file transfer', `${ESC}]1337;File=name=eA==:AAAA${BEL}`],
  ['clipboard of another terminal', `${ESC}]1337;Copy=:c2VjcmV0${BEL}`],
  ['shell integration', `${ESC}]633;E;rm -rf ~${BEL}${ESC}]133;A${BEL}`],
  ['link, its text stays', `${ESC}]8;;http://evil${ST}bank${ESC}]8;;${ST}`, 'bank'],
  ['device attributes', `${CSI}c${CSI}0c${CSI}>c${CSI}=c${ESC}Z`],
  ['status reports', `${CSI}5n${CSI}6n${CSI}?6n${CSI}?996n`],
  ['mode request', `${CSI}?25$p${CSI}4$p`],
  ['version request', `${CSI}>0q${CSI}>q`],
  ['terminal parameters', `${CSI}x`],
  ['setting request', `${ESC}P$qm${ST}\u0090$qr\u009c`],
  ['capability request', `${ESC}P+q544e${ST}`],
  ['kitty keyboard', `${CSI}?u${CSI}>1u${CSI}=1;1u${CSI}<u`],
  ['kitty graphics', `${ESC}_Ga=q,i=1;AAAA${ST}`],
  ['window operations', `${CSI}14t${CSI}21t${CSI}8;1;1t${CSI}22;0t`],
  ['printing', `${CSI}i${CSI}5i`],
  ['answerback', '\u0005'],
  ['privacy message and start of string', `${ESC}^x${ST}${ESC}Xy${ST}\u009ez\u009c\u0098w\u009c`],
  ['focus reports', `${CSI}?1004h`],
  ['colour scheme and size reports', `${CSI}?2031h${CSI}?2048h`],
  ['raw key events', `${CSI}?9001h`],
  ['unknown escapes', `${ESC} F${ESC}%G${ESC}n`],
  ['NUL and DEL', 'a\u0000b\u007fc', 'abc'],
];

const kept: readonly (readonly [string, string, string?])[] = [
  ['colours', `${CSI}31mred${CSI}0m ${CSI}38;2;1;2;3m${CSI}4:3m`],
  ['cursor and erase', `${CSI}2J${CSI}H${CSI}10;20H${CSI}K${CSI}?25l${CSI}3A`],
  ['alternate screen', `${CSI}?1049h${CSI}?1049l`],
  ['saved cursor', `${ESC}7${ESC}8`],
  ['character sets', `${ESC}(0lqk${ESC}(B\u000e\u000f`],
  ['scroll region and index', `${CSI}2;10r${ESC}M${ESC}D`],
  ['cursor shape', `${CSI}4 q`],
  ['mouse and bracketed paste', `${CSI}?1000;1006h${CSI}?2004h`],
  ['text of all scripts', 'grüße 日本語 😀 \t\r\n\b'],
  ['8-bit forms, as 7-bit ones', '\u009b1m\u0084', `${CSI}1m${ESC}D`],
  ['a mode beside one that reports', `${CSI}?1004;25h`, `${CSI}?25h`],
  ['a huge count, made small', `a${CSI}2147483647b`, `a${CSI}9999b`],
  ['a control inside a sequence', `${CSI}1\n;2H`, `\n${CSI}1;2H`],
  ['an aborted sequence and what follows', `${CSI}31\u0018x${CSI}3${CSI}1mz`, `x${CSI}1mz`],
];

const corpus = [
  ...dropped.map(([name, output, shown = '']) => [name, output, shown] as const),
  ...kept.map(([name, output, shown = output]) => [name, output, shown] as const),
];

describe('TerminalFilter', () => {
  it.each(corpus)('handles %s, split at every place', (_name, output, shown) => {
    const whole = `<${output}>`;
    for (let cut = 0; cut <= whole.length; cut++) {
      const filter = new TerminalFilter();
      expect(filter.write(whole.slice(0, cut)) + filter.write(whole.slice(cut))).toBe(`<${shown}>`);
    }
    const filter = new TerminalFilter();
    expect(Array.from(whole, (char) => filter.write(char)).join('')).toBe(`<${shown}>`);
  });

  it('lets nothing out of any sequence that is not approved, whatever surrounds it', () => {
    const random = pseudoRandom(7);
    const pieces = [...corpus.map(([, output]) => output), ESC, CSI, BEL, '\u009d', '\u0018', 'x'];
    for (let round = 0; round < 2000; round++) {
      const filter = new TerminalFilter();
      let shown = '';
      for (let count = 0; count < 6; count++) {
        const piece = pieces[Math.floor(random() * pieces.length)] ?? '';
        shown += filter.write(piece.slice(0, Math.ceil(random() * piece.length)));
      }
      // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
      const rest = shown.replace(/\u001b(?:\[[?]?[\d;:]*[ !"']?[@-~]|[78=>DEHMc]|[()*+#].)/g, '');
      // eslint-disable-next-line no-control-regex -- nothing of these may be left
      expect(rest).not.toMatch(/[\u001b\u0005\u0080-\u009f]/);
      // eslint-disable-next-line no-control-regex -- the final bytes that make a terminal answer or act
      expect(shown).not.toMatch(/\u001b\[[^@-~]*[cntxip]|\u001b[\]P_^XZ]/);
    }
  });

  it('shows again what follows an endless string, and keeps nothing of it', () => {
    const filter = new TerminalFilter();
    let shown = filter.write(`${ESC}]52;c;`);
    for (let i = 0; i < 40; i++) shown += filter.write('A'.repeat(32 * 1024));
    expect(shown.length).toBeGreaterThan(0);
    expect(shown).toMatch(/^A+$/);
    expect(filter.write(`${CSI}1mvisible`)).toBe(`${CSI}1mvisible`);
  });

  it('drops an endless sequence up to its end', () => {
    const filter = new TerminalFilter();
    expect(filter.write(`${CSI}${'1;'.repeat(5000)}mnext`)).toBe('next');
  });
});

/** A small generator with a seed, so that a failure can be repeated. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
