"""Which characters beyond ASCII Python's expat takes in a name.

Prints the spans of those that may begin a name and, after an empty line, of
those that may only go on in one, as the entries of the tables in nametable.go.
Every character is tried, or with an argument n, beyond the basic plane, only
every n-th and the first and last of each plane.
"""

import sys
from xml.parsers import expat

PER_LINE = 5


def accepts(document):
    try:
        expat.ParserCreate("UTF-8", "\x0c").Parse(document, True)
    except expat.ExpatError:
        return False
    return True


def begins(char):
    return accepts(b"<%b x=''/>" % char)


def goes_on(char):
    return accepts(b"<a%bb/>" % char)


def is_tried(code, step):
    return code < 0x10000 or code % step == 0 or not 2 < code & 0xFFFF < 0xFFFD


def spans(codes):
    found = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def table(codes):
    entries = ["{0x%04X, 0x%04X, 1}," % tuple(span) for span in spans(codes)]
    lines = (entries[i : i + PER_LINE] for i in range(0, len(entries), PER_LINE))
    return "\n".join("\t\t" + " ".join(line) for line in lines)


def main():
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    first, later = [], []
    for code in range(0x80, 0x110000):
        if not is_tried(code, step):
            continue
        char = chr(code).encode("utf-8", "surrogatepass")
        if begins(char):
            first.append(code)
            if not goes_on(char):
                raise SystemExit("U+%04X may only begin a name" % code)
        elif goes_on(char):
            later.append(code)
    print(table(first))
    print()
    print(table(later))


main()
