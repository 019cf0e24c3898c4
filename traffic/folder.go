package traffic

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/retrywise/retrywise/internal/filelock"
)

// A Folder is a Store in a folder of files, for the processes of one machine, such as a job that cron
// starts every five minutes: a pause, an outage and what a window has left outlive each of them.
// Every Exchange reads and writes one small file under a lock that all processes take in turn, so for
// more than some ten processes a store in memory serves better. Make one with OpenFolder.
//
// There is one file for each account; only the user may read it. It keeps no credential and no record
// in the clear. A process that is killed leaves the file as it was, and its lock is free. A file that
// is damaged, such as by a full disk, is set aside under its name with ".corrupt", and the account
// starts anew: rates begin empty.
//
// Time is the machine's clock. When that is set back, the time of an account goes on from where it
// was, and so nothing waits longer than it should.
type Folder struct {
	path string
	turn chan struct{} // taken by the exchange of this process that is under way
}

// OpenFolder returns the Folder at a path. It makes the folder if its parent exists, and returns an
// error if it cannot write there, or if the system has no locks on files. The folder is not to be
// shared between machines, whose clocks differ.
func OpenFolder(path string) (*Folder, error) {
	if path == "" {
		return nil, errors.New("traffic: the path of the folder is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("traffic: folder %s: %w", path, err)
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("traffic: cannot make the folder; make %s, and let this user write there: %w", filepath.Dir(path), err)
	}
	if err := check(path); err != nil {
		return nil, fmt.Errorf("traffic: cannot use the folder; it must be one that this user may write to, on a disk of this machine: %w", err)
	}
	return &Folder{path: path, turn: make(chan struct{}, 1)}, nil
}

// check reports why the folder cannot be used.
func check(path string) error {
	file, err := os.CreateTemp(path, "check-*.tmp")
	if err != nil {
		return err
	}
	if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
		return err
	}
	release, err := filelock.Try(filepath.Join(path, lockName))
	if err == nil {
		release()
	} else if errors.Is(err, filelock.ErrLocked) {
		return nil
	}
	return err
}

// Exchange implements Store. After an error nothing was taken up. It waits for other processes until
// the context ends.
func (f *Folder) Exchange(ctx context.Context, x Exchange) (Result, error) {
	release, err := f.lock(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("traffic: the lock of the folder: %w", err)
	}
	defer release()
	name := filepath.Join(f.path, accountFile(x.Account))
	kept, err := readKept(name)
	if err != nil {
		return Result{}, fmt.Errorf("traffic: read the folder: %w", err)
	}
	if kept.isNew() {
		if err := tidy(f.path, time.Now()); err != nil {
			return Result{}, fmt.Errorf("traffic: tidy the folder: %w", err)
		}
	}
	r := kept.Board.exchange(kept.now(time.Now().UnixMicro()), x)
	if err := kept.write(name, filepath.Join(f.path, newName)); err != nil {
		return Result{}, fmt.Errorf("traffic: write to the folder: %w", err)
	}
	return r, nil
}

// accountFile names the file of an account. Another format gets another version.
func accountFile(account string) string { return hashed(account) + accountSuffix }

// Names in a folder.
const (
	lockName      = "lock"
	newName       = "new.tmp" // what becomes the file of an account
	accountSuffix = ".v1.json"
	corruptSuffix = ".corrupt"
)
