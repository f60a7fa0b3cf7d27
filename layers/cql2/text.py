"""CQL2 Text -> tree: operator precedence over the tokens, each looked at once.

The reader gives every expression the grammar has a form for; whether the operands have the right
types is decided later, with the layer at hand (`layers.cql2.types`).
"""

from __future__ import annotations

from layers.cql2.lexer import CALLS, Stream, tokens
from layers.cql2.limits import MAX_DEPTH, MAX_TEXT_BYTES, Budget, check_depth
from layers.cql2.literals import (
    make_interval,
    make_relation,
    read_day,
    read_instant,
    read_moment,
    read_number,
)
from layers.cql2.tree import (
    ARRAY,
    COMPARISONS,
    RELATIONS,
    Arithmetic,
    Array,
    Between,
    Boolean,
    Comparison,
    Expression,
    Fold,
    Function,
    In,
    IsNull,
    Like,
    Logic,
    Not,
    Number,
    Open,
    Property,
    Relation,
    String,
)
from layers.cql2.wkt import read_box, read_geometry, starts_geometry

# How tightly operators bind.
_OR, _AND, _NOT, _PREDICATE, _SUM, _PRODUCT, _POWER, _OPERAND = range(1, 9)
_INFIX = (
    {"OR": _OR, "AND": _AND, "+": _SUM, "-": _SUM, "^": _POWER}
    | dict.fromkeys(("*", "/", "%", "DIV"), _PRODUCT)
    | dict.fromkeys((*COMPARISONS, "LIKE", "BETWEEN", "IN", "IS"), _PREDICATE)
)
_PLAIN = (Arithmetic, Comparison, Like, Between, In, IsNull, Not, Logic)
"""What a pair of parentheses in a list only groups; round anything else it is a list of one."""


def parse_text(text: str, *, limit: int = MAX_TEXT_BYTES, ilike: bool = False) -> Expression:
    """Read an expression in CQL2 Text of at most `limit` bytes; raises BadFilter with the place.

    `ilike` = the ILIKE of older drafts is known, too: LIKE whatever the case.
    """
    stream = Stream(tokens(text, limit=limit))
    found = _Reader(stream, ilike=ilike).expression(_OR, 1)
    if stream.here.kind != "end":
        raise stream.surprise("an operator or the end of the filter is expected")
    check_depth(found)
    return found


class _Reader:
    """One reading. `depth` counts the calls of `expression` inside each other."""

    __slots__ = ("_budget", "_infix_words", "_stream")

    def __init__(self, stream: Stream, *, ilike: bool) -> None:
        self._stream = stream
        self._infix_words = _INFIX | {"ILIKE": _PREDICATE} if ilike else _INFIX
        self._budget = Budget()

    def expression(self, floor: int, depth: int) -> Expression:
        """Read operands joined by operators that bind at least as tightly as `floor`."""
        # An operator and a pair of parentheses make two calls for one node of the tree.
        self._budget.depth(depth, self._stream.here.at, 2 * MAX_DEPTH)
        if floor <= _NOT and self._stream.on("NOT"):
            return self._climb(self._negation(depth), floor, _AND, depth)
        return self._climb(self._operand(depth), floor, _OPERAND, depth)

    def _climb(self, left: Expression, floor: int, ceiling: int, depth: int) -> Expression:
        """Join `left` with what follows; what binds tighter than `ceiling` cannot follow it."""
        while True:
            key = self._stream.here.key
            if key == "NOT" and self._stream.ahead() in ("LIKE", "ILIKE", "BETWEEN", "IN"):
                key = self._stream.ahead()
            power = self._infix_words.get(key, 0)
            if not floor <= power <= ceiling:
                return left
            left = self._infix(left, power, depth)
            # Comparisons and powers do not chain.
            ceiling = power - 1 if power in (_PREDICATE, _POWER) else power

    def _infix(self, left: Expression, power: int, depth: int) -> Expression:
        if power in (_OR, _AND):
            return self._logic(left, power, depth)
        if power == _PREDICATE:
            return self._predicate(left, depth)
        operator = self._stream.take().key.lower()
        right = self.expression(power + 1, depth + 1)
        return self._made(Arithmetic(operator, left, right, at=left.at))

    def _logic(self, left: Expression, power: int, depth: int) -> Expression:
        word = self._stream.here.key
        args = [left]
        while self._stream.skip(word):
            args.append(self.expression(power + 1, depth + 1))
        return self._made(Logic(word.lower(), tuple(args), at=left.at))

    def _negation(self, depth: int) -> Expression:
        places = []
        while self._stream.on("NOT"):
            places.append(self._stream.take().at)
            self._budget.node(places[-1])
        found = self.expression(_PREDICATE, depth + 1)
        for at in reversed(places):
            found = Not(found, at=at)
        return found

    def _predicate(self, left: Expression, depth: int) -> Expression:
        stream = self._stream
        if stream.on(*COMPARISONS):
            operator = stream.take().key
            right = self.expression(_SUM, depth + 1)
            return self._made(Comparison(operator, left, right, at=left.at))
        if stream.skip("IS"):
            negative = stream.skip("NOT")
            stream.expect("NULL")
            return self._perhaps(negative, IsNull(left, at=left.at))
        negative = stream.skip("NOT")
        if stream.skip("LIKE"):
            pattern = self.expression(_SUM, depth + 1)
            return self._perhaps(negative, Like(left, pattern, at=left.at))
        if stream.skip("ILIKE"):
            pattern = self.expression(_SUM, depth + 1)
            sides = (Fold("casei", side, at=side.at) for side in (left, pattern))
            return self._perhaps(negative, Like(*sides, at=left.at))
        if stream.skip("BETWEEN"):
            low = self.expression(_SUM, depth + 1)
            stream.expect("AND")
            high = self.expression(_SUM, depth + 1)
            return self._perhaps(negative, Between(left, low, high, at=left.at))
        stream.expect("IN")
        return self._perhaps(negative, In(left, self._list(depth), at=left.at))

    def _perhaps(self, negative: bool, found: Expression) -> Expression:
        self._budget.node(found.at)
        return self._made(Not(found, at=found.at)) if negative else found

    def _list(self, depth: int) -> tuple[Expression, ...]:
        self._stream.expect("(")
        found = [self.expression(_SUM, depth + 1)]
        while self._stream.skip(","):
            found.append(self.expression(_SUM, depth + 1))
        self._stream.expect(")")
        return tuple(found)

    def _made(self, node: Expression) -> Expression:
        self._budget.node(node.at)
        return node

    def _operand(self, depth: int) -> Expression:
        stream = self._stream
        token = stream.here
        if token.kind == "string":
            return self._made(String(stream.take().text, at=token.at))
        if token.kind == "number" or stream.on("-", "+"):
            return self._signed(depth)
        if stream.on("TRUE", "FALSE"):
            return self._made(Boolean(stream.take().key == "TRUE", at=token.at))
        if stream.skip("("):
            found = self.expression(_OR, depth + 1)
            stream.expect(")")
            return found
        if starts_geometry(stream):
            return read_geometry(stream, self._budget)
        return self._named(depth)

    def _signed(self, depth: int) -> Expression:
        stream = self._stream
        at = stream.here.at
        negative = stream.on("-")
        if stream.on("-", "+"):
            stream.take()
        if stream.here.kind == "number":
            token = stream.take()
            value = read_number(token.text, token.at)
            return self._made(Number(-value if negative else value, at=at))
        if not negative or stream.on("-", "+"):
            raise stream.surprise("a number is expected")
        factor = self._made(Number(-1, at=at))
        return self._made(Arithmetic("*", factor, self._operand(depth), at=at))

    def _named(self, depth: int) -> Expression:
        stream = self._stream
        if stream.here.kind not in ("name", "word", "quoted"):
            raise stream.surprise("a value is expected")
        called = stream.here.kind != "quoted" and stream.ahead() == "("
        if stream.here.kind == "word" and stream.here.key not in CALLS:
            raise stream.surprise("a value is expected")
        if called and stream.here.kind == "word":
            return self._call(depth)
        token = stream.take()
        if not called:
            return self._made(Property(token.text, at=token.at))
        return self._made(Function(token.text, self._arguments(depth), at=token.at))

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        self._stream.expect("(")
        found: list[Expression] = []
        if not self._stream.on(")"):
            found.append(self._argument(depth))
            while self._stream.skip(","):
                found.append(self._argument(depth))
        self._stream.expect(")")
        return tuple(found)

    def _argument(self, depth: int, *, array: bool = False) -> Expression:
        """Read an argument or an item of an array; `array` = in parentheses it is an array."""
        stream = self._stream
        if not stream.on("("):
            return self.expression(_SUM if array else _OR, depth + 1)
        at = stream.here.at
        self._budget.depth(depth, at, 2 * MAX_DEPTH)
        items = self._arguments(depth + 1)
        grouped = len(items) == 1 and not array
        if grouped and not stream.on(",", ")"):
            return self._climb(items[0], _OR, _OPERAND, depth + 1)
        if grouped and isinstance(items[0], _PLAIN):
            return items[0]
        return self._made(Array(items, at=at))

    def _call(self, depth: int) -> Expression:
        stream = self._stream
        token = stream.here
        if token.key == "BBOX":
            self._budget.node(token.at)
            return read_box(stream)
        stream.take()
        stream.expect("(")
        if token.key in ("DATE", "TIMESTAMP"):
            read = read_day if token.key == "DATE" else read_moment
            text = stream.literal("string", "a text in quotation marks")
            found: Expression = read(text.text, token.at)
        elif token.key == "INTERVAL":
            start = self._end(depth)
            stream.expect(",")
            found = make_interval(start, self._end(depth), token.at)
        elif token.key in ("CASEI", "ACCENTI"):
            found = Fold(token.key.lower(), self.expression(_SUM, depth + 1), at=token.at)
        else:
            found = self._relation(RELATIONS[token.key.lower()], depth, token.at)
        stream.expect(")")
        return self._made(found)

    def _relation(self, name: str, depth: int, at: int) -> Relation:
        array = name in ARRAY
        left = self._argument(depth, array=array) if array else self.expression(_SUM, depth + 1)
        self._stream.expect(",")
        right = self._argument(depth, array=array) if array else self.expression(_SUM, depth + 1)
        return make_relation(name, left, right, at=at)

    def _end(self, depth: int) -> Expression:
        if self._stream.here.kind != "string":
            return self.expression(_SUM, depth + 1)
        token = self._stream.take()
        if token.text == "..":
            return self._made(Open(at=token.at))
        return self._made(read_instant(token.text, token.at))
