package deadletter

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"
)

// ErrTorn is that the last line of a file is not whole, as after a crash while it was written.
var ErrTorn = errors.New("the last line is torn, as by a crash while it was written; Open sets it apart")

// Letters returns the open letters of the file called name, in the order in which they were
// written: those that no later line settles. It is for any process, also while another writes: it
// reads what was there when it began. The letters that are being sent have Begun.
//
// A torn last line is an error that wraps ErrTorn, after all letters. Any other problem, such as a
// line that is no letter, is an error with file, line and column; then there are no letters.
func Letters(name string) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		file, err := os.Open(name)
		if err != nil {
			yield(Letter{}, fmt.Errorf("deadletter: %w", err))
			return
		}
		defer file.Close()
		for l, err := range openLetters(name, file) {
			if !yield(l, err) {
				return
			}
		}
	}
}

// openLetters returns the open letters of a file; see Letters.
func openLetters(name string, file io.ReadSeeker) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		fates, torn, err := fatesIn(name, file)
		if err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
		if err != nil {
			yield(Letter{}, err)
			return
		}
		for l, err := range lines(name, io.LimitReader(file, fates.size)) {
			if err != nil { // the file was changed meanwhile
				yield(Letter{}, err)
				return
			}
			if l.Is != isLetter || !fates.isOpen(l.ID) {
				continue
			}
			if begun := fates.byID[l.ID].begun; !begun.IsZero() {
				l.Begun = begun
			}
			if !yield(l.Letter, nil) {
				return
			}
		}
		if torn != nil {
			yield(Letter{}, torn)
		}
	}
}

// A fate is what a file says of a letter.
type fate struct {
	isThere   bool
	isSettled bool
	begun     time.Time // by a mark; zero: there is none
}

// fates are those of all letters in a file.
type fates struct {
	byID map[string]fate
	size int64 // of the whole lines
}

func (f fates) isOpen(id string) bool { return f.byID[id].isThere && !f.byID[id].isSettled }

// fatesIn reads a whole file. torn is the error of a torn last line.
func fatesIn(name string, r io.Reader) (f fates, torn, err error) {
	f.byID = map[string]fate{}
	for l, err := range lines(name, r) {
		switch {
		case errors.Is(err, ErrTorn):
			return f, err, nil
		case err != nil:
			return f, nil, err
		}
		if f.byID[l.ID].isThere && l.Is == isLetter {
			return f, nil, fmt.Errorf("%s:%d:1: the id of this letter is that of an earlier one", name, l.number)
		}
		f.note(l)
	}
	return f, nil, nil
}

// note adds what a line says. A mark about a letter that is not there says nothing: somebody has
// deleted the letter's line.
func (f *fates) note(l fileLine) {
	f.size += int64(len(l.text))
	one := f.byID[l.ID]
	switch l.Is {
	case isLetter:
		one.isThere = true
		if old, ok := f.byID[l.Replaces]; ok {
			old.isSettled = true
			f.byID[l.Replaces] = old
		}
	case isBegun:
		one.begun = l.At
	default:
		one.isSettled = true
	}
	if l.Is == isLetter || one.isThere {
		f.byID[l.ID] = one
	}
}

// A fileLine is a line of a file.
type fileLine struct {
	letterLine
	number int    // from 1
	text   []byte // with its line break
}

// lines returns the lines of a file. The first error is the last value; one that wraps ErrTorn is
// about a last line that is not whole. One that lacks only its line break is whole.
func lines(name string, r io.Reader) iter.Seq2[fileLine, error] {
	return func(yield func(fileLine, error) bool) {
		buffered := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			text, err := readLine(buffered)
			isLast := errors.Is(err, io.EOF)
			if isLast && len(text) == 0 {
				return
			}
			if err != nil && !isLast {
				yield(fileLine{}, fmt.Errorf("%s:%d:1: %w", name, n, err))
				return
			}
			line, problem := decode(text)
			switch {
			case isLast && !json.Valid(text): // as no beginning of an object is
				yield(fileLine{}, fmt.Errorf("%s:%d: %w", name, n, ErrTorn))
				return
			case problem != nil:
				yield(fileLine{}, fmt.Errorf("%s:%d:%w", name, n, problem))
				return
			}
			if !yield(fileLine{line, n, text}, nil) {
				return
			}
		}
	}
}

// readLine returns the next line with its line break. io.EOF is that it has none.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, fmt.Errorf("the line is longer than %d bytes", maxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
