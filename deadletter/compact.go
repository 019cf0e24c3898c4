package deadletter

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// Compact removes from the file what is settled. The lines of open letters stay as they are, also
// with members that this program does not know. It replaces the file by renaming a new one, so a
// process that is killed meanwhile leaves the file as it was.
func (w *Writer) Compact() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	compacted := w.name + ".tmp"
	err := w.copyOpen(compacted)
	if err == nil {
		err = w.replaceBy(compacted)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("deadletter: compact %s: %w", w.name, err), removed(compacted))
	}
	return nil
}

// removed removes a file, if it is there.
func removed(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// copyOpen writes the lines of open letters to a new file, and waits until the disk has it.
func (w *Writer) copyOpen(name string) error {
	whole := func() io.Reader { return io.NewSectionReader(w.file, 0, math.MaxInt64) } // also what others wrote
	found, torn, err := fatesIn(w.name, whole())
	if err := cmp.Or(err, torn); err != nil {
		return err
	}
	file, err := w.create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	for l, err := range lines(w.name, whole()) {
		if err == nil && found.isOpen(l.ID) {
			_, err = out.Write(l.text)
		}
		if err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(out.Flush(), file.Sync(), file.Close())
}

// create makes a file that the same users may read.
func (w *Writer) create(name string) (*os.File, error) {
	info, err := w.file.Stat()
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(info.Mode().Perm()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// replaceBy renames a file to this one. Windows does not rename a file that is open.
func (w *Writer) replaceBy(name string) error {
	err := errors.Join(w.file.Close(), os.Rename(name, w.name))
	if err == nil && w.sync {
		err = syncFolder(w.name)
	}
	if failed := w.open(); failed != nil {
		w.broken = fmt.Errorf("deadletter: %s could not be opened again: %w", w.name, failed)
		return errors.Join(err, failed)
	}
	return err
}
