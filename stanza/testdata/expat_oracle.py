"""An XML parser to compare with: Python's expat, in namespace mode.

Reads documents from standard input, each after its length (4 bytes, big
endian), and answers each in the same form: '!' and the reason why expat refuses
it, or the tree as lines. A DTD is refused. The lines are

    (namespace TAB name         an element begins
    @namespace TAB name=value   its attributes, sorted
    "text                       text, as much as there is between two tags
    )                           the element ends

with backslash, tab and newline escaped as in JSON strings.
"""

import struct
import sys
from xml.parsers import expat

SEPARATOR = "\x0c"  # cannot occur in a namespace


def escaped(text):
    return (
        text.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )


def expanded(name):
    space, _, local = name.rpartition(SEPARATOR)
    return escaped(space) + "\t" + escaped(local)


def refuse_doctype(*_):
    raise ValueError("a document type declaration")


def tree(document):
    lines, text = [], []

    def flush():
        if text:
            lines.append('"' + escaped("".join(text)))
            text.clear()

    def start(name, attributes):
        flush()
        lines.append("(" + expanded(name))
        lines.extend(
            sorted("@" + expanded(k) + "=" + escaped(v) for k, v in attributes.items())
        )

    def end(_):
        flush()
        lines.append(")")

    parser = expat.ParserCreate("UTF-8", SEPARATOR)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.Parse(document, True)
    return "\n".join(lines)


def answer(document):
    try:
        return tree(document)
    except (expat.ExpatError, ValueError) as refusal:
        return "!" + str(refusal)


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while True:
        head = stdin.read(4)
        if len(head) < 4:
            return
        (size,) = struct.unpack(">I", head)
        reply = answer(stdin.read(size)).encode("utf-8", "surrogatepass")
        stdout.write(struct.pack(">I", len(reply)) + reply)
        stdout.flush()


main()
