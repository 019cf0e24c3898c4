package yamlfile

import (
	"bytes"
	"unicode/utf8"
)

// maxBytes is the largest file that is read.
const maxBytes = 1 << 20

// maxDepth is how many levels of mappings and lists may stand in each other.
const maxDepth = 32

// maxTokens is how many keys, values and marks a file may have. The time that
// the YAML library takes grows with their square: 20,000 of them, about 5,000
// lines, take some tenths of a second; 1 MiB of short keys would take minutes.
const maxTokens = 20_000

// maxKey is the longest key, in bytes.
const maxKey = 1024

// checkBytes returns a problem if data is too large or not UTF-8 text.
func checkBytes(start Pos, data []byte) (Problem, bool) {
	if len(data) > maxBytes {
		return start.Errorf("the file is larger than 1 MiB"), false
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return posAt(start, data, i).Errorf("this byte is not UTF-8 text"), false
		}
		i += size
	}
	return Problem{}, true
}

// posAt returns the position of data[offset]; what is before it is UTF-8.
func posAt(start Pos, data []byte, offset int) Pos {
	before := data[:offset]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return Pos{
		File:   start.File,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: 1 + utf8.RuneCount(line),
	}
}

// withoutMark returns data without the byte order mark that some editors put
// first; the YAML library would make it a part of the first key.
func withoutMark(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}

// tooDeep returns the problem of too many levels.
func tooDeep(pos Pos) Problem {
	return pos.Errorf("nested more than %d levels deep", maxDepth)
}
