"""The other XML parser: Python's expat, in namespace mode, in batches.

Reads batches from standard input: the number of documents, the length of each,
all as 4 bytes big endian, then the documents. Answers a batch with its length
in 4 bytes and one text for each document, with U+0003 between them: "!" and the
reason why expat refuses it, or its tree as tokens with U+0000 between them:

    U+0002 name          an element begins; its attributes follow, in order, as
                         a token for the name and one for the value
    text                 as much as there is between two tags
    U+0001               the element ends

A name is namespace, form feed, local name, or a local name alone. None of these
characters can stand in a document that expat accepts. A DTD is refused.
"""

import struct
import sys
from xml.parsers.expat import ExpatError, ParserCreate

tokens = []
add, extend, forget = tokens.append, tokens.extend, tokens.clear


def start(name, attributes):
    add("\x02" + name)
    extend(attributes)


def end(_):
    add("\x01")


def refuse_doctype(*_):
    raise ValueError("a document type declaration")


def answer(document, names):
    forget()
    parser = ParserCreate("UTF-8", "\x0c", names)
    parser.ordered_attributes = True
    parser.buffer_size = 1 << 16
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = add
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(document, True)
    except (ExpatError, ValueError) as refusal:
        return "!" + str(refusal)
    return "\x00".join(tokens)


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while head := stdin.read(4):
        (count,) = struct.unpack(">I", head)
        sizes = struct.unpack(">%dI" % count, stdin.read(4 * count))
        names, answers = {}, []
        documents, at = stdin.read(sum(sizes)), 0
        for size in sizes:
            answers.append(answer(documents[at : at + size], names))
            at += size
        reply = "\x03".join(answers).encode("utf-8", "surrogatepass")
        stdout.write(struct.pack(">I", len(reply)))
        stdout.write(reply)
        stdout.flush()


main()
