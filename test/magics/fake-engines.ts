import {chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';

/** What starts containers: a machine of a test has none but its fakes. */
const ENGINES = /^(podman|docker|shifter|apptainer|singularity|ch-|buildah|nerdctl)/;

/**
 * Makes a PATH in an empty directory, with all that this machine's has but container engines, and with `podman` and `docker` that keep
 * images as files: `images/NAME` has an id, or nothing has that name. `mode` of an engine is a file that says what it does instead.
 */
export class FakeEngines {
  /** To be the kernel's PATH. */
  readonly path: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'bin');
    mkdirSync(this.path, {recursive: true});
    const given = (process.env['PATH'] ?? '').split(delimiter).filter(part => part.startsWith('/'));
    const seen = new Set<string>(['podman', 'docker']);
    for (const part of given)
      for (const name of list(part)) {
        if (seen.has(name) || ENGINES.test(name)) continue;
        seen.add(name);
        symlinkSync(join(part, name), join(this.path, name));
      }
    for (const [name, text] of [
      ['podman', PODMAN],
      ['docker', DOCKER],
    ] as const) {
      mkdirSync(join(directory, name, 'images'), {recursive: true});
      mkdirSync(join(directory, name, 'registry'), {recursive: true});
      writeFileSync(
        join(this.path, name),
        `#!/bin/bash\nhere='${join(directory, name)}'\nmode=$(cat "$here/mode" 2>/dev/null)\n${text}`,
      );
      chmodSync(join(this.path, name), 0o755);
    }
  }

  /** Puts an image into an engine, or into the registry that it fetches from. An id is 64 digits. */
  has(engine: 'podman' | 'docker', name: string, id: string, where: 'images' | 'registry' = 'images'): void {
    for (const key of [name, id]) writeFileSync(join(this.#directory, engine, where, fileOf(key)), id);
  }

  /** What an engine does from now on: `up`, or one of its ailments. */
  set(engine: 'podman' | 'docker', mode: 'up' | 'hangs' | 'down' | 'denied' | 'full' | 'arm64'): void {
    writeFileSync(join(this.#directory, engine, 'mode'), mode);
  }
}

const list = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

const fileOf = (name: string): string => name.replaceAll('/', '_');

/** `image inspect -- NAME`, `pull -- NAME` and `run … -- NAME COMMAND` on the machine as it is, the same for both but for the words. */
const COMMON = `
if [[ $1 == run ]]; then
  while [[ $1 != -- ]]; do
    [[ $1 == --workdir ]] && cd "$2"
    shift
  done
  exec "\${@:3}"
fi
image=\${3//\\//_}
case "$1 $2" in
'image inspect')
  image=\${4//\\//_}
  image=\${image#sha256:}
  [[ -f $here/images/$image ]] || { echo "$unknown" >&2; exit "$missing"; }
  architecture=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
  [[ $mode == arm64 ]] && architecture=s390x
  printf '[{"Id": "%s%s", "RepoDigests": [], "Architecture": "%s"}]\\n' "$prefix" "$(< "$here/images/$image")" "$architecture"
  ;;
'pull --')
  [[ $mode == full ]] && { echo "Error: writing blob: no space left on device" >&2; exit 125; }
  [[ -f $here/registry/$image ]] || { echo "Error: initializing source docker://$3: dial tcp: lookup registry: no such host" >&2; exit 125; }
  echo "Copying blob sha256:5d4e" >&2
  id=$(< "$here/registry/$image")
  for name in "$image" "$id" "\${image#docker.io_library_}"; do cp "$here/registry/$image" "$here/images/$name"; done
  echo "$id"
  ;;
esac
`;

const PODMAN = `
prefix= unknown="Error: inspecting object: $4: image not known" missing=125
[[ $1 == info ]] && echo '{"version": {"Version": "4.3.1"}}'
${COMMON}`;

const DOCKER = `
prefix=sha256: unknown="Error: No such image: $4" missing=1
[[ $mode == hangs ]] && exec sleep 600
if [[ $1 == info ]]; then
  case $mode in
  down) echo '{"ServerErrors": ["Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"]}' ;;
  denied) echo '{"ServerErrors": ["permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"]}' ;;
  *) echo '{"ServerVersion": "20.10.24"}' ;;
  esac
fi
${COMMON}`;
