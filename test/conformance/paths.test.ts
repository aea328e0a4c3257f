import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64, ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import { differs, wording } from './harness/difference';

/** Reads a path, in whatever way it is written. */
const read = (path: unknown, reply: unknown) => ['fs/readFile', { path }, reply] as const;

const hello = ok({ dataBase64: base64('hello') });
const relative = refused(-32602, 'invalid URI: relative URL without a base');

conformance('paths', (scenario) => {
  scenario('many ways to write the URI of one file', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'dir'));
    await writeFile(join(stage.folder, 'file'), 'hello');
    const { folder } = stage;
    await agent.talks(
      [
        `file://${folder}/file`,
        `FILE://${folder}/file`,
        `file:${folder}/file`,
        `file://localhost${folder}/file`,
        `file://${folder}/dir/../file`,
        `file://${folder}/./file`,
        `file://${folder}//file`,
        `file://${folder}%2Ffile`,
        `file://${folder}/%66ile`,
      ].map((uri) => read(uri, hello)),
    );
  });

  scenario('characters of names are percent-encoded, and may be any', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'sp ace%20#é?.txt'), 'hello');
    await agent.talks([
      read(`${stage.uri()}/sp%20ace%2520%23%C3%A9%3F.txt`, hello),
      read(`${stage.uri()}/sp ace%2520%23é%3F.txt`, hello),
    ]);
  });

  scenario('the root, with and without a slash', async (stage) => {
    const agent = await stage.open();
    for (const path of ['file:///', 'file://']) {
      const { isDirectory } = await agent.result<{ isDirectory: boolean }>('fs/getMetadata', {
        path,
      });
      agent.sees(isDirectory, true);
    }
  });

  scenario('what is no file URI is a wrong parameter', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      read('', relative),
      read('relative', relative),
      read('./relative', relative),
      read('http://x/y', refused(-32602, 'unsupported path URI scheme `http`')),
      read('file:///tmp?x=1', refused(-32602, 'query parameters are not allowed in path URIs')),
      read('file:///tmp#f', refused(-32602, 'fragments are not allowed in path URIs')),
      read('file:///tmp%00x', refused(-32602, `'file:///tmp%00x' is invalid on 'linux'`)),
      read(
        5,
        refused(
          -32602,
          wording(
            'invalid type: number, expected a string at `path`',
            'invalid type: number, expected a string',
          ),
        ),
      ),
    ]);
  });

  scenario('a URI that names no place on this system makes no sense here', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      read('file://host/tmp', refused(-32600, `'file://host/tmp' is invalid on 'linux'`)),
      read('file:///C:/x', refused(-32600, `'file:///C:/x' is invalid on 'linux'`)),
    ]);
  });

  scenario('a native path', async (stage) => {
    const agent = await stage.open();
    const path = join(stage.folder, 'file');
    await writeFile(path, 'hello');
    await agent.asks(
      'fs/readFile',
      { path },
      differs({
        ours: hello,
        peer: relative,
        because: 'clients up to 0.131 send native paths, and this server takes them too',
      }),
    );
    // The answer has the form of the question.
    await agent.asks(
      'fs/canonicalize',
      { path },
      differs({ ours: ok({ path }), peer: relative, because: 'the same' }),
    );
  });

  scenario('bytes that are no UTF-8', async (stage) => {
    const agent = await stage.open();
    await agent.asks(
      'fs/readFile',
      { path: `${stage.uri()}/%ff` },
      differs({
        ours: refused(-32602, `'${stage.uri()}/%ff' is not valid UTF-8 after percent-decoding`),
        peer: refused(-32004, 'No such file or directory (os error 2)'),
        because: 'Node passes paths as UTF-8, so another file than the one meant could be reached',
      }),
    );
  });
});
