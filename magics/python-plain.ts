/** Python: `plain` makes JSON of a value, numpy's scalars and arrays included; `NoValue` says what has none, and where. For 3.6 and later. */
export const PYTHON_PLAIN = `class NoValue(Exception):
    pass


def plain(value, place, depth=0):
    import pathlib
    kind = type(value)
    if depth > 200:
        raise NoValue('%s is nested too deeply' % place)
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > 2 ** 53:
            raise NoValue('%s is %d: readers of JSON round integers beyond 2**53, so make it a text, str(…)' % (place, value))
        return int(value)
    if isinstance(value, float):
        if value != value or value in (float('inf'), float('-inf')):
            raise NoValue('%s is %r, which JSON does not have' % (place, float(value)))
        return float(value)
    if isinstance(value, dict):
        made = {}
        for key, item in value.items():
            if not isinstance(key, str) and hasattr(type(key), 'tolist'):
                key = key.tolist()
            if isinstance(key, bool) or not isinstance(key, (str, int)):
                raise NoValue('%s has a key that is no text: %r' % (place, key))
            if str(key) in made:
                raise NoValue('%s has the key %s twice' % (place, key))
            made[str(key)] = plain(item, '%s[%r]' % (place, key), depth + 1)
        return made
    if isinstance(value, (list, tuple)):
        return [plain(item, '%s[%d]' % (place, i), depth + 1) for i, item in enumerate(value)]
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if hasattr(kind, 'tolist'):
        made = value.tolist()
        if type(made) is not kind:
            return plain(made, place, depth + 1)
        try:
            return plain(float(value), place, depth + 1)
        except (TypeError, ValueError):
            pass
    raise NoValue('%s is of type %s, which JSON does not have' % (place, kind.__name__))
`;
