"""What to type into each kernel: the same things, in its language."""

JAVASCRIPT = {
    "spin": "while (true) {}",
    "spin after await": "await new Promise(r => setTimeout(r, 10)); while (true) {}",
    "await": "await new Promise(() => {})",
    "keep": "let keep = 42",
    "kept": "console.log(keep)",
    "heap": "const all: number[][] = []; while (true) all.push(new Array(100000).fill(all.length))",
    "lines": "for (let i = 0; i < {n}; i++) console.log(i)",
    "attributes": {
        "code_hello_world": 'console.log("hello, world")',
        "code_stderr": 'console.error("oops")',
        "code_generate_error": 'throw new Error("bad")',
        "complete_code_samples": ["1", "console.log('hello')", "const f = (x: number) => x + 1"],
        "incomplete_code_samples": ["function f() {", "const a = [1,", "const text = `one"],
        "invalid_code_samples": ["const = 1", "let 2x = 3"],
        "code_inspect_sample": "parseInt",
        "supported_history_operations": ("tail", "range", "search"),
        "code_history_pattern": "6 ? 7*",
    },
}

PYTHON = {
    "spin": "while True: pass",
    "spin after await": "import asyncio\nawait asyncio.sleep(0.01)\nwhile True: pass",
    "await": "import asyncio\nawait asyncio.Event().wait()",
    "keep": "keep = 42",
    "kept": "print(keep)",
    # Python has no heap of its own that could be full: the process may have no more.
    "heap": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\nkept_alive = []\n"
    "while True: kept_alive.append(bytearray(1000000))",
    "lines": "for i in range({n}): print(i)",
    "attributes": {
        "code_hello_world": "print('hello, world')",
        "code_stderr": "import sys; print('oops', file=sys.stderr)",
        "code_generate_error": "raise ValueError('bad')",
        "code_execute_result": [
            {"code": "1+2+3", "result": "6"},
            {"code": "[n * n for n in range(1, 4)]", "result": "[1, 4, 9]"},
        ],
        "code_display_data": [
            {"code": "from IPython.display import HTML, display; display(HTML('<b>b</b>'))", "mime": "text/html"}
        ],
        "code_clear_output": "from IPython.display import clear_output; clear_output()",
        "code_page_something": "zip?",
        "complete_code_samples": ["1", "print('hello')", "def f(x):\n  return x\n\n\n"],
        "incomplete_code_samples": ["print('''hello", "def f(x):\n  x*2"],
        "invalid_code_samples": ["import = 7q"],
        "completion_samples": [{"text": "zi", "matches": {"zip"}}],
        "code_inspect_sample": "zip",
        "supported_history_operations": ("tail", "range", "search"),
        "code_history_pattern": "1?2*",
    },
}

# What is said differently in one implementation, by its name in kernel_info. What a kernel does not have has no sample.
OWN = {
    "weft": {
        "code_execute_result": [{"code": "6 * 7", "result": "42"}],
        "code_display_data": [{"code": "display.html('<b>bold</b>')", "mime": "text/html"}],
        "code_clear_output": "display.clear()",
        "code_page_something": "%lsmagic?",
    },
    "Deno": {
        # It colours what it shows.
        "code_execute_result": [{"code": "6 * 7", "result": "\x1b[33m42\x1b[39m"}],
        "code_display_data": [
            {"code": "await Deno.jupyter.display({'text/html': '<b>b</b>'}, {raw: true})", "mime": "text/html"}
        ],
        "code_clear_output": "await Deno.jupyter.broadcast('clear_output', {wait: false})",
    },
    "tslab": {
        "code_execute_result": [{"code": "6 * 7", "result": "42"}],
        "code_display_data": [
            {"code": "import {display} from 'tslab'; display.html('<b>b</b>')", "mime": "text/html"}
        ],
    },
}


def samples(info):
    """The samples for a kernel, by its kernel_info."""
    language = info["language_info"]
    common = PYTHON if language["name"] == "python" else JAVASCRIPT
    own = next((own for name, own in OWN.items() if name.lower() in info["implementation"].lower()), {})
    named = {"language_name": language["name"], "file_extension": language["file_extension"]}
    return {**common, "attributes": {**named, **common["attributes"], **own}}
