package deadletter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/retrywise/retrywise/internal/filelock"
)

// ErrLocked is that a file has a Writer already: in another process, or in this one.
var ErrLocked = errors.New("another Writer has the file")

// Options say how a Writer writes. The zero value is ready to use.
type Options struct {
	// Sync has the disk confirm each line before a call returns, so that a line also survives a
	// power failure. Without it, lines survive the end of the process, however it ends.
	Sync bool

	// Logger gets a warning if a torn line was set apart. nil: slog.Default().
	Logger *slog.Logger
}

// A Writer appends to a file of letters, which it has to itself until Close. Its methods are safe
// for concurrent use. After an error, nothing of the line is in the file. Make one with Open.
type Writer struct {
	name   string
	sync   bool
	torn   int
	unlock func()

	mu          sync.Mutex // guards the fields below
	file        *os.File
	size        int64           // of the whole lines
	broken      error           // why nothing can be written any more; nil: it can
	delivering  map[string]bool // letters of Deliver, by id: is being sent, or has ended during a replay
	isReplaying bool
}

// Open opens the file called name for writing, and makes it if it does not exist, in a folder that
// does, on a disk of this machine; only its user may then read it. The lock is a second file, with
// the suffix ".lock", which stays: do not delete it while a Writer has the file. It ends with the
// process. Open returns an error that wraps ErrLocked if another Writer has the file, and an error
// if the file does not begin with a letter, such as a table.
//
// If a crash has torn the last line, Open moves what is left of it to the end of a file with the
// suffix ".torn", and warns. That line was never confirmed: the call that wrote it had not
// returned.
func Open(name string, o Options) (*Writer, error) {
	unlock, err := filelock.Try(name + ".lock")
	if errors.Is(err, filelock.ErrLocked) {
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("deadletter: cannot write to %s: %w", name, err)
	}
	w := &Writer{name: name, sync: o.Sync, unlock: unlock, delivering: map[string]bool{}}
	if err = w.open(); err == nil {
		err = w.mend()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("deadletter: cannot write to %s: %w", name, err), w.Close())
	}
	if w.torn > 0 {
		cmp.Or(o.Logger, slog.Default()).Warn("the last line of a file of dead letters was torn, as by a crash; it was set apart",
			"file", name, "bytes", w.torn, "to", name+tornSuffix)
	}
	return w, nil
}

// open opens the file itself.
func (w *Writer) open() error {
	file, err := os.OpenFile(w.name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	w.file = file
	info, err := file.Stat()
	if err != nil {
		return err
	}
	w.size = info.Size()
	if w.sync && w.size == 0 {
		return syncFolder(w.name)
	}
	return nil
}

// Torn returns how many bytes of a torn line Open has set apart.
func (w *Writer) Torn() int { return w.torn }

// Write appends a letter by one system call, under a new ID. One that was read from the file, and so
// has an ID, is replaced: its new line settles it. A letter without a time gets one. Write returns
// an error if the letter has a Payload that is not JSON or text that is not UTF-8, if its line is
// longer than 16 MiB, and if the file cannot be written.
func (w *Writer) Write(l Letter) error { return w.put(l.renewed()) }

// put appends a letter under its ID.
func (w *Writer) put(l Letter) error {
	if err := l.problem(); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if l.At.IsZero() {
		l.At = time.Now().UTC()
	}
	return w.append(letterLine{head{version, isLetter}, l})
}

// Settle notes that the letter with this id is done with: the vendor has the record, or somebody
// gave it up. An id that the file does not have is ignored.
func (w *Writer) Settle(id string) error { return w.mark(isSettled, id) }

// mark appends a mark about a letter.
func (w *Writer) mark(is kind, id string) error {
	return w.append(mark{head{version, is}, id, time.Now().UTC()})
}

// append appends a line. If that fails, it takes back what was written of it.
func (w *Writer) append(line any) error {
	text, err := encode(line)
	if err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	_, err = w.file.Write(text)
	if err == nil && w.sync {
		err = w.file.Sync()
	}
	if err == nil {
		w.size += int64(len(text))
		return nil
	}
	err = fmt.Errorf("deadletter: %w", err)
	if undo := w.file.Truncate(w.size); undo != nil {
		w.broken = fmt.Errorf("deadletter: %s may end in a torn line; open it again: %w", w.name, undo)
	}
	return err
}

// Deliver sends a record so that the file has it whenever the process ends, unless the vendor has
// it: it writes a letter that is being sent, calls send with ctx, and then settles the letter or,
// if send returned an error, replaces it by that failure's. It returns the error of send, joined
// with that of the file. If the letter cannot be written, it does not call send.
//
// A process that ends meanwhile leaves a letter in doubt, for Replay.
func (w *Writer) Deliver(ctx context.Context, r Record, send func(context.Context) error) error {
	l := Of(nil, r).renewed()
	defer w.track(l.ID)()
	begun := l
	begun.Begun = l.At
	if err := w.put(begun); err != nil {
		return err
	}
	err := send(ctx)
	return errors.Join(err, w.end(l, err))
}

// end notes how the sending of a letter ended.
func (w *Writer) end(l Letter, err error) error {
	if err == nil {
		return w.Settle(l.ID)
	}
	return w.Write(l.after(err))
}

// track has Replay leave a letter alone until the function that it returns is called.
func (w *Writer) track(id string) (untrack func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivering[id] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.isReplaying { // it may have read the letter, and not how it ended
			w.delivering[id] = false
		} else {
			delete(w.delivering, id)
		}
	}
}

// isOfDeliver reports whether a letter is, or was when the replay began, being sent by Deliver.
func (w *Writer) isOfDeliver(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.delivering[id]
	return ok
}

// Close closes the file and gives up the lock. Calls of other methods fail from then on.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.broken, os.ErrClosed) {
		return w.broken
	}
	w.broken = fmt.Errorf("deadletter: %s: %w", w.name, os.ErrClosed)
	defer w.unlock()
	if w.file == nil {
		return nil
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	return nil
}
