"""Teaches papermill the language of Weft's cells.

papermill writes the cell of parameters by a translator, which it looks up by kernel or language, and there is no entry point
for translators. But it loads every engine of the group `papermill.engine` when it is imported
(nteract/papermill:papermill/engines.py, `register_entry_points`); loading this one registers the translator.
"""

import json
import math
import os
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

_DECLARED = re.compile(
    r"^(?:const|let|var)\s+(?P<name>[^\W\d][\w$]*)\s*(?::(?P<type>[^=]*))?"
    r"=(?!=)\s*(?P<value>.*?);?\s*(?://\s*(?P<help>.*))?$"
)


class TypeScriptTranslator(Translator):
    """Parameters as TypeScript. A value that is none of JSON's is written as JavaScript has it: NaN, Infinity; a date as text."""

    @classmethod
    def translate(cls, val):
        if isinstance(val, float) and not math.isfinite(val):
            return "NaN" if math.isnan(val) else "Infinity" if val > 0 else "-Infinity"
        if isinstance(val, dict):
            return "{" + ", ".join(f"{cls._key(key)}: {cls.translate(item)}" for key, item in val.items()) + "}"
        if isinstance(val, (list, tuple)):
            return "[" + ", ".join(cls.translate(item) for item in val) + "]"
        return json.dumps(val, default=str)

    @staticmethod
    def _key(key):
        text = json.dumps(str(key))
        # Not computed, it would be the prototype of the object.
        return f"[{text}]" if key == "__proto__" else text

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        # A cell that comes later may assign to what was `let`, and may declare anew what was `const`.
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        """The parameters of a cell that declares each on a line of its own."""
        found = []
        for line in parameters_cell["source"].splitlines():
            match = _DECLARED.match(line)
            if match:
                kind = (match["type"] or "").strip() or "None"
                found.append(Parameter(match["name"], kind, match["value"].strip(), (match["help"] or "").strip()))
        return found


class WeftEngine(NBClientEngine):
    """papermill's own engine, for a kernel that waits at the end of each cell for what the cell has started.

    So every cell has its last display, without a `%wait` at the end; the tasks of different cells do not run side by side.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **kwargs):
        before = os.environ.get("WEFT_SETTLE")
        os.environ["WEFT_SETTLE"] = "cell"
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
        finally:
            if before is None:
                del os.environ["WEFT_SETTLE"]
            else:
                os.environ["WEFT_SETTLE"] = before


papermill_translators.register("weft", TypeScriptTranslator)
papermill_translators.register("typescript", TypeScriptTranslator)
