package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

const tornSuffix = ".torn"

// mend has the file end in a whole line. It completes a last line that lacks only its line break,
// and sets one apart that lacks more.
func (w *Writer) mend() error {
	if w.size == 0 {
		return nil
	}
	if err := w.checkBeginning(); err != nil {
		return err
	}
	tail, err := w.tail()
	switch {
	case err != nil || len(tail) == 0:
		return err
	case json.Valid(tail): // as no beginning of an object is
		if _, err := w.file.Write([]byte{'\n'}); err != nil {
			return err
		}
		w.size++
		return nil
	}
	if err := errors.Join(appendTo(w.name+tornSuffix, append(tail, '\n')), syncFolder(w.name)); err != nil {
		return err
	}
	w.size -= int64(len(tail))
	w.torn = len(tail)
	return errors.Join(w.file.Truncate(w.size), w.file.Sync())
}

// checkBeginning returns an error if the file does not begin as a file of letters does, so that
// no line of another file is taken for a torn one.
func (w *Writer) checkBeginning() error {
	text, err := readLine(bufio.NewReader(io.NewSectionReader(w.file, 0, w.size)))
	isTorn := errors.Is(err, io.EOF) && !json.Valid(text)
	if isTorn {
		n := min(len(text), len(beginning))
		if string(text[:n]) == beginning[:n] {
			return nil
		}
		return errors.New("it is not a file of letters")
	}
	if _, problem := decode(text); problem != nil {
		return fmt.Errorf("line 1:%w", problem)
	}
	return nil
}

// beginning is that of each line.
const beginning = `{"v":`

// tail returns what follows the last line break.
func (w *Writer) tail() ([]byte, error) {
	for n := int64(64 << 10); ; n *= 2 {
		from := max(w.size-n, 0)
		text := make([]byte, w.size-from)
		if _, err := w.file.ReadAt(text, from); err != nil {
			return nil, err
		}
		i := bytes.LastIndexByte(text, '\n')
		switch {
		case len(text)-i > maxLine:
			return nil, fmt.Errorf("its last line is longer than %d bytes", maxLine)
		case i >= 0 || from == 0:
			return text[i+1:], nil
		}
	}
}

// appendTo appends text to a file, and waits until the disk has it.
func appendTo(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncFolder has the disk confirm the names in the folder of a file. Windows does so by itself.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
