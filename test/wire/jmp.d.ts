/** What the tests use of jmp, which brings no types (n-riesco/jmp:index.js). */
declare module 'jmp' {
  interface Message {
    idents: Buffer[];
    header: object;
    parent_header: object;
    metadata: object;
    content: object;
    buffers: Buffer[];
  }
  const jmp: {
    Message: {
      new (parts: Message): Message & {_encode(hash: string, key: string): (string | Buffer)[]};
      _decode(frames: Buffer[], hash: string, key: string): Message | null;
    };
  };
  export default jmp;
}
