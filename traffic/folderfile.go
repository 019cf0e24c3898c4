package traffic

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bounds of a Folder.
const (
	maxAccountFile = 64 << 20 // bytes; a larger file is damaged
	oldTime        = time.Hour
	smallStep      = time.Second // by which a clock may be set back while time stands still
)

// A keptBoard is what the file of an account has.
type keptBoard struct {
	Clock micros `json:"clock"`           // of the latest exchange
	Ahead micros `json:"ahead,omitempty"` // by how much it is ahead of the machine's, which was set back
	Board board  `json:"board"`
}

// isNew reports whether there was no file.
func (k *keptBoard) isNew() bool { return k.Clock == 0 }

// now returns the time of the account, which never goes back.
func (k *keptBoard) now(machine micros) micros {
	if behind := k.Clock - machine - k.Ahead; !k.isNew() && behind > asMicros(smallStep) {
		k.Ahead += behind
	}
	k.Clock = max(machine+k.Ahead, k.Clock)
	return k.Clock
}

// readKept reads the file of an account. One that is damaged is set aside.
func readKept(name string) (*keptBoard, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &keptBoard{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxAccountFile+1))
	if err != nil {
		return nil, err
	}
	var k keptBoard
	if len(data) <= maxAccountFile && json.Unmarshal(data, &k) == nil && k.isWhole() {
		return &k, nil
	}
	file.Close() // or Windows does not rename it
	return &keptBoard{}, os.Rename(name, name+corruptSuffix)
}

// isWhole reports whether a board that was read has nothing that is null.
func (k *keptBoard) isWhole() bool {
	isWhole := k.Clock > 0
	for _, l := range k.Board.Limits {
		isWhole = isWhole && l != nil
		if l == nil {
			continue
		}
		for _, s := range l.Slots {
			isWhole = isWhole && s != nil
		}
	}
	for _, o := range k.Board.Outages {
		isWhole = isWhole && o != nil
	}
	return isWhole
}

// write replaces the file of an account by a new one. If the process is killed meanwhile, the old
// one stays.
func (k *keptBoard) write(name, newName string) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.WriteFile(newName, data, 0o600); err != nil {
		return err
	}
	return os.Rename(newName, name)
}

// tidy makes room for one more account: it drops files that are as good as new and, if there are too
// many, those that were used longest ago.
func tidy(folder string, now time.Time) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		if !isAccountFile(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		files = append(files, info)
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for i, file := range files {
		isTooMany := len(files)-i >= maxAccounts
		isOld := i < maxLooks && now.Sub(file.ModTime()) >= oldTime
		name := filepath.Join(folder, file.Name())
		if isTooMany || isOld && isWorthless(name, now) {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// isAccountFile reports whether a file is that of an account, or was damaged. Others are not ours.
func isAccountFile(name string) bool {
	account, isOurs := strings.CutSuffix(strings.TrimSuffix(name, corruptSuffix), accountSuffix)
	return isOurs && len(account) == len(hashed(""))
}

// isWorthless reports whether nothing would be lost with an old file, or it was set aside just now.
func isWorthless(name string, now time.Time) bool {
	if strings.HasSuffix(name, corruptSuffix) {
		return false
	}
	k, err := readKept(name)
	return err == nil && k.Board.forget(k.now(now.UnixMicro()))
}
