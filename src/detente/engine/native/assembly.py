"""LLVM assembly, written as text: vectors of lanes with the operators of Python, loops and branches.

A `Vector` emits one instruction for each operator that is applied to it, so the functions of `engine/maths.py`, which
are written over such operators, come out as vector code that rounds where they round. No instruction carries a
fast-math flag.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from detente.engine.lanes import CACHE_LINE

Kind = Literal["double", "float", "i64", "i32", "i1"]

_FLOATS = ("double", "float")
_BYTES: dict[Kind, int] = {"double": 8, "float": 4, "i64": 8, "i32": 4}


def literal(kind: Kind, number: float) -> str:
    """A number as LLVM writes it; one that a float32 cannot hold is rounded to it first."""
    if kind not in _FLOATS:
        return str(int(number))
    if kind == "float":
        (number,) = struct.unpack("<f", struct.pack("<f", number))
    (bits,) = struct.unpack("<Q", struct.pack("<d", number))
    return f"0x{bits:016X}"


@dataclass(eq=False, slots=True)
class Vector:
    """A value in each lane, within a body that is being written."""

    body: Body
    kind: Kind
    name: str

    def _with(self, other: Any) -> str:
        return other.name if isinstance(other, Vector) else self.body.splat(self.kind, other).name

    def _made(self, operation: str, left: str, right: str, kind: Kind | None = None) -> Vector:
        return self.body.vector(kind or self.kind, f"{operation} {self.body.type_of(self.kind)} {left}, {right}")

    def _arithmetic(self, float_form: str, integer_form: str, other: Any) -> Vector:
        operation = float_form if self.kind in _FLOATS else integer_form
        return self._made(operation, self.name, self._with(other))

    def __add__(self, other: Any) -> Vector:
        return self._arithmetic("fadd", "add", other)

    def __sub__(self, other: Any) -> Vector:
        return self._arithmetic("fsub", "sub", other)

    def __rsub__(self, other: float) -> Vector:
        return self._made("fsub", self._with(other), self.name)

    def __mul__(self, other: Any) -> Vector:
        return self._arithmetic("fmul", "mul", other)

    def __truediv__(self, other: Any) -> Vector:
        return self._made("fdiv", self.name, self._with(other))

    def __and__(self, other: Any) -> Vector:
        return self._made("and", self.name, self._with(other))

    def __or__(self, other: Any) -> Vector:
        return self._made("or", self.name, self._with(other))

    def __xor__(self, other: Any) -> Vector:
        return self._made("xor", self.name, self._with(other))

    def __lshift__(self, count: int) -> Vector:
        return self._made("shl", self.name, self._with(count))

    def __rshift__(self, count: int) -> Vector:
        return self._made("lshr", self.name, self._with(count))

    def __lt__(self, other: Any) -> Vector:
        return self._made("fcmp olt" if self.kind in _FLOATS else "icmp slt", self.name, self._with(other), "i1")

    def __le__(self, other: Any) -> Vector:
        return self._made("fcmp ole", self.name, self._with(other), "i1")

    def __gt__(self, other: Any) -> Vector:
        return self._made("fcmp ogt", self.name, self._with(other), "i1")

    def __ge__(self, other: Any) -> Vector:
        return self._made("fcmp oge", self.name, self._with(other), "i1")

    def __eq__(self, other: object) -> Vector:  # type: ignore[override]  # a comparison in each lane
        return self._made("icmp eq" if self.kind == "i1" else "fcmp oeq", self.name, self._with(other), "i1")

    def __ne__(self, other: object) -> Vector:  # type: ignore[override]  # the same
        return self._made("fcmp une", self.name, self._with(other), "i1")

    def __invert__(self) -> Vector:
        return self ^ 1


@dataclass
class Body:
    """The body of one function as it is written: vectors have `lanes` lanes, scalars go by their names."""

    lanes: int
    lines: list[str] = field(default_factory=list)
    block: str = "entry"
    count: int = 0
    declared: set[str] = field(default_factory=set)

    def type_of(self, kind: Kind) -> str:
        return f"<{self.lanes} x {kind}>"

    def bytes_of(self, kind: Kind) -> int:
        """What a vector takes in memory."""
        return self.lanes * _BYTES[kind]

    @property
    def aligned(self) -> int:
        """What the addresses of vectors that lie one after another are multiples of."""
        return min(CACHE_LINE, self.bytes_of("double"))

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def scalar(self, text: str) -> str:
        """The name of what an instruction gives."""
        self.count += 1
        self.line(f"%v{self.count} = {text}")
        return f"%v{self.count}"

    def vector(self, kind: Kind, text: str) -> Vector:
        return Vector(self, kind, self.scalar(text))

    def splat(self, kind: Kind, number: float) -> Vector:
        """A number in every lane."""
        return Vector(self, kind, f"splat ({kind} {literal(kind, number)})")

    def spread(self, kind: Kind, name: str) -> Vector:
        """A scalar in every lane."""
        typed = self.type_of(kind)
        first = self.scalar(f"insertelement {typed} poison, {kind} {name}, i64 0")
        return self.vector(kind, f"shufflevector {typed} {first}, {typed} poison, <{self.lanes} x i32> zeroinitializer")

    def lane_numbers(self) -> Vector:
        return Vector(self, "i64", "<" + ", ".join(f"i64 {lane}" for lane in range(self.lanes)) + ">")

    def call(self, kind: Kind, name: str, *arguments: Vector) -> Vector:
        given = ", ".join(f"{self.type_of(one.kind)} {one.name}" for one in arguments)
        return self.vector(kind, f"call {self.type_of(kind)} @{name}({given})")

    def intrinsic(self, name: str, x: Vector) -> Vector:
        """One of LLVM's functions of a vector that are one operation of the processor."""
        typed = self.type_of(x.kind)
        full = f"llvm.{name}.v{self.lanes}{'f64' if x.kind == 'double' else 'f32'}"
        self.declared.add(f"declare {typed} @{full}({typed})")
        return self.call(x.kind, full, x)

    def convert(self, operation: str, x: Vector, kind: Kind) -> Vector:
        return self.vector(kind, f"{operation} {self.type_of(x.kind)} {x.name} to {self.type_of(kind)}")

    def choose(self, condition: Vector, then: Any, otherwise: Any) -> Vector:
        """`then` in the lanes in which the condition holds; a number takes the type beside it."""
        kind: Kind = next((one.kind for one in (then, otherwise) if isinstance(one, Vector)), "double")
        left, right = (one if isinstance(one, Vector) else self.splat(kind, one) for one in (then, otherwise))
        typed = self.type_of(kind)
        return self.vector(
            kind, f"select {self.type_of('i1')} {condition.name}, {typed} {left.name}, {typed} {right.name}"
        )

    def truths(self, condition: Vector) -> str:
        """A condition as the bits of one whole number."""
        return self.scalar(f"bitcast {self.type_of('i1')} {condition.name} to i{self.lanes}")

    def address(self, base: str, offset: int | str) -> str:
        """So many bytes after a pointer."""
        return base if offset == 0 else self.scalar(f"getelementptr inbounds i8, ptr {base}, i64 {offset}")

    def load(self, kind: Kind, address: str, aligned: int = 8) -> Vector:
        return self.vector(kind, f"load {self.type_of(kind)}, ptr {address}, align {aligned}")

    def store(self, value: Vector, address: str, aligned: int = 8) -> None:
        self.line(f"store {self.type_of(value.kind)} {value.name}, ptr {address}, align {aligned}")

    def open(self, label: str) -> None:
        """Go on in a new block."""
        self.lines.append(f"{label}:")
        self.block = label

    def labels(self, *names: str) -> list[str]:
        self.count += 1
        return [f"{name}{self.count}" for name in names]

    @contextmanager
    def loop(self, first: str, end: str, step: int = 1) -> Iterator[str]:
        """For each whole number from `first` up to before `end`: gives its name."""
        head, inside, after = self.labels("head", "inside", "after")
        before = self.block
        following = f"%next{self.count}"
        self.line(f"br label %{head}")
        self.open(head)
        number = f"%number{self.count}"
        place = len(self.lines)
        self.lines.append("")
        more = self.scalar(f"icmp slt i64 {number}, {end}")
        self.line(f"br i1 {more}, label %{inside}, label %{after}")
        self.open(inside)
        yield number
        self.line(f"{following} = add nsw i64 {number}, {step}")
        self.line(f"br label %{head}")
        self.lines[place] = f"  {number} = phi i64 [ {first}, %{before} ], [ {following}, %{self.block} ]"
        self.open(after)

    @contextmanager
    def where(self, condition: str) -> Iterator[None]:
        """What is written inside runs where a scalar condition holds."""
        inside, after = self.labels("then", "after")
        self.line(f"br i1 {condition}, label %{inside}, label %{after}")
        self.open(inside)
        yield
        self.line(f"br label %{after}")
        self.open(after)

    # The primitives of `engine.maths.Operations`.

    def select(self, condition: Vector, then: Any, otherwise: Any) -> Vector:
        return self.choose(condition, then, otherwise)

    def usually(self, condition: Vector, usual: Vector, rare: Callable[[], Any]) -> Vector:
        """Skips the rare side where no lane needs it."""
        seldom, after = self.labels("seldom", "after")
        before = self.block
        all_ = self.scalar(f"icmp eq i{self.lanes} {self.truths(condition)}, -1")
        self.line(f"br i1 {all_}, label %{after}, label %{seldom}")
        self.open(seldom)
        mixed = self.choose(condition, usual, rare())
        end = self.block
        self.line(f"br label %{after}")
        self.open(after)
        typed = self.type_of(usual.kind)
        return self.vector(usual.kind, f"phi {typed} [ {usual.name}, %{before} ], [ {mixed.name}, %{end} ]")

    def clip(self, x: Vector, low: float, high: float) -> Vector:
        below, above = self.splat(x.kind, low), self.splat(x.kind, high)
        raised = self.choose(below > x, below, x)
        return self.choose(above < raised, above, raised)

    def floor(self, x: Vector) -> Vector:
        return self.intrinsic("floor", x)

    def sqrt(self, x: Vector) -> Vector:
        return self.intrinsic("sqrt", x)

    def lower_half(self, bits: Vector) -> Vector:
        return self.convert("trunc", bits, "i32")

    def to_float(self, whole: Vector) -> Vector:
        return self.convert("sitofp", whole, "float")

    def to_bits(self, x: Vector) -> Vector:
        return self.convert("bitcast", x, "i64" if x.kind == "double" else "i32")

    def from_bits(self, bits: Vector) -> Vector:
        return self.convert("bitcast", bits, "double" if bits.kind == "i64" else "float")

    def narrow(self, x: Vector) -> Vector:
        return self.convert("fptrunc", x, "float")

    def widen(self, x: Vector) -> Vector:
        return self.convert("fpext", x, "double")


def least(body: Body, x: Vector, y: Vector, x_sure: bool, y_sure: bool) -> Vector:
    """The smaller of two, NaN where either is; of one that is `sure` it is known that it is none."""
    return _extreme(body, x, y, x_sure, y_sure, lambda one, other: one < other)


def greatest(body: Body, x: Vector, y: Vector, x_sure: bool, y_sure: bool) -> Vector:
    """The greater of two, in the same way."""
    return _extreme(body, x, y, x_sure, y_sure, lambda one, other: one > other)


def _extreme(
    body: Body, x: Vector, y: Vector, x_sure: bool, y_sure: bool, before: Callable[[Vector, Vector], Vector]
) -> Vector:
    if y_sure and not x_sure:
        x, y, x_sure = y, x, True
    found = body.choose(before(x, y), x, y)  # a NaN on the right comes through, one on the left does not
    if x_sure:
        return found
    return body.choose(body.vector("i1", f"fcmp uno {body.type_of('double')} {x.name}, {x.name}"), x, found)


def function(name: str, result: str, parameters: Sequence[str], body: Body, exported: bool = False) -> str:
    """A function with the body that was written; `parameters` are typed names. One that is not exported is called
    from the module alone."""
    linkage, inlined = ("", "") if exported else ("internal ", "noinline ")
    # Vectors that do not fit the registers wait on the stack, where one across two cache lines takes twice as long.
    attributes = f"{inlined}nounwind alignstack(64)"
    head = f"define {linkage}{result} @{name}({', '.join(parameters)}) {attributes} {{"
    return "\n".join([head, "entry:", *body.lines, "}"])


def module(functions: Sequence[str], bodies: Sequence[Body]) -> str:
    """Functions, with a declaration of all that they call."""
    declared = sorted({one for body in bodies for one in body.declared})
    return "\n\n".join([*declared, *functions]) + "\n"
