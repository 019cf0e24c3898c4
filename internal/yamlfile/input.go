package yamlfile

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBytes is the size of the largest file that is read.
const maxBytes = 1 << 20

// maxDepth is how many levels mappings and lists may be nested.
const maxDepth = 32

// maxNodes is how many keys and values a file may have.
const maxNodes = 20_000

// lineBreaks are the characters that end a line to the YAML library.
const lineBreaks = "\n\r\u0085\u2028\u2029"

// checkBytes returns a problem if data is too large, is not UTF-8, or has control
// characters or directives (lines that begin with %), which the YAML library does not
// handle well.
func checkBytes(start Pos, data []byte) (Problem, bool) {
	if len(data) > maxBytes {
		return start.Errorf("the file is larger than 1 MiB"), false
	}
	before := '\n'
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return posAt(start, data, i).Errorf("this byte is not UTF-8 text"), false
		}
		if unicode.IsControl(r) && !strings.ContainsRune("\t"+lineBreaks, r) {
			return posAt(start, data, i).Errorf("the control character %q is not allowed here", r), false
		}
		if r == '%' && strings.ContainsRune(lineBreaks, before) {
			return posAt(start, data, i).Errorf("directives are not supported here"), false
		}
		before = r
		i += size
	}
	return Problem{}, true
}

// posAt returns the position of data[offset]. The bytes before it are UTF-8.
func posAt(start Pos, data []byte, offset int) Pos {
	before := data[:offset]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return Pos{
		File:   start.File,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: 1 + utf8.RuneCount(line),
	}
}

// withoutMark returns data without a byte order mark, which the YAML library would make a
// part of the first key.
func withoutMark(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}
