"""What tests of GGUF files share: taking one apart and writing another."""

import struct

SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
ALIGNMENT = 32


def entry(key, value):
    """A metadata entry as it stands in a file."""
    head = struct.pack("<Q", len(key.encode())) + key.encode()
    if isinstance(value, str):
        text = value.encode()
        return head + struct.pack("<IQ", STRING, len(text)) + text
    if isinstance(value, float):
        return head + struct.pack("<If", 6, value)
    return head + struct.pack("<II", 4, value)


class Gguf:
    """A GGUF file taken apart: entries as bytes, tensors as (declaration without offset, data)."""

    def __init__(self, data):
        self.data, self.at = data, 4
        _, tensors, entries = self.read("<IQQ")
        self.entries = [self.between(self.skip_entry) for _ in range(entries)]
        declared = []
        for _ in range(tensors):
            declaration = self.between(self.skip_declaration)
            declared.append((declaration, self.read("<Q")[0]))
        start = -(-self.at // ALIGNMENT) * ALIGNMENT
        ends = sorted(offset for _, offset in declared[1:]) + [len(data) - start]
        self.tensors = [(declaration, data[start + offset:start + end])
                        for (declaration, offset), end in zip(declared, ends)]

    def read(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def between(self, skip):
        begin = self.at
        skip()
        return self.data[begin:self.at]

    def skip_string(self):
        length = self.read("<Q")[0]
        self.at += length

    def skip_value(self, kind):
        if kind == STRING:
            self.skip_string()
        elif kind == ARRAY:
            element, count = self.read("<IQ")
            for _ in range(count):
                self.skip_value(element)
        else:
            self.at += SCALAR_BYTES[kind]

    def skip_entry(self):
        self.skip_string()
        self.skip_value(self.read("<I")[0])

    def skip_declaration(self):
        self.skip_string()
        dimensions = self.read("<I")[0]
        self.at += 8 * dimensions + 4

    def write(self, entries, tensors):
        out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries)
        offset, data = 0, b""
        for declaration, content in tensors:
            out += declaration + struct.pack("<Q", offset)
            data += content + bytes(-len(content) % ALIGNMENT)
            offset = len(data)
        return out + bytes(-len(out) % ALIGNMENT) + data

    def with_metadata(self, more):
        """The file with more entries: texts, whole numbers (u32) and floats (f32) by their keys."""
        return self.write(self.entries + [entry(*one) for one in more.items()], self.tensors)

    def parts(self, count):
        """The file as gguf-split would divide it: all metadata in the first part."""
        share = -(-len(self.tensors) // count)
        for i in range(count):
            about = [entry("split.no", i), entry("split.count", count),
                     entry("split.tensors.count", len(self.tensors))]
            yield self.write((self.entries if i == 0 else []) + about,
                             self.tensors[i * share:(i + 1) * share])
