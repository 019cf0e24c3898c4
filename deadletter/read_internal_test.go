package deadletter

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// Whatever a file has, reading it ends: with letters that can be written again, or an error that
// names the line. Compacting gives the same open letters.
func FuzzLetters(f *testing.F) {
	const letter = `{"v":1,"is":"letter","id":"a","at":"2026-11-26T07:00:00Z","applied":"no","class":"validation","payload":{"a":[1.50,"\u003c"]}}`
	for _, seed := range []string{
		"", letter, letter + "\n", letter + "\n" + letter[:40], letter + "\n" + `{"v":1,"is":"begun","id":"a","at":"2026-11-26T07:00:01Z"}` + "\n",
		letter + "\n" + `{"v":1,"is":"settled","id":"a"}` + "\n", letter + "\n" + strings.Replace(letter, `"a"`, `"b","replaces":"a"`, 1) + "\n",
		"\n", "\x00\x00", `{"v":2}` + "\n", `{"v":1,"is":"letter","id":"a","begun":null,"payload":null}` + "\n", "{\"v\":1}\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for l, err := range openLetters("f", bytes.NewReader(data)) {
			if err != nil {
				if !strings.HasPrefix(err.Error(), "f:") {
					t.Errorf("an error without a place: %v", err)
				}
				continue
			}
			text, err := encode(letterLine{head: head{version, isLetter}, Letter: l})
			if err != nil {
				t.Fatalf("a letter that cannot be written: %v", err)
			}
			again, err := decode(text)
			if err != nil || again.ID != l.ID || again.Applied != l.Applied || !again.Begun.Equal(l.Begun) || bytes.IndexByte(text, '\n') != len(text)-1 {
				t.Errorf("%s was read as %+v, %v", text, again, err)
			}
		}
	})
}

// A file that changes while it is read is an error, and no half a letter.
func TestOpenLettersOfAFileThatChanges(t *testing.T) {
	const line = `{"v":1,"is":"letter","id":"a"}` + "\n"
	changing := &changingFile{first: line, second: strings.Replace(line, "}", "!", 1)}
	var errs int
	for l, err := range openLetters("f", changing) {
		if err == nil {
			t.Errorf("letter %v", l.ID)
		}
		errs++
	}
	if errs != 1 {
		t.Errorf("%d errors; want 1", errs)
	}
	for _, err := range openLetters("f", &changingFile{first: line, seek: errors.New("no seek")}) {
		if err == nil || err.Error() != "no seek" {
			t.Errorf("error %v; want no seek", err)
		}
	}
}

// A changingFile has another text after Seek.
type changingFile struct {
	first, second string
	seek          error
}

func (c *changingFile) Read(p []byte) (int, error) {
	n := copy(p, c.first)
	c.first = c.first[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (c *changingFile) Seek(int64, int) (int64, error) {
	c.first = c.second
	return 0, c.seek
}
