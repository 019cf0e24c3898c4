//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package traffic

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestFolderIsForItsUserAlone(t *testing.T) {
	f := openFolder(t)
	exchanged(t, f, hourWindow("a", "p", 1))
	for name, want := range map[string]fs.FileMode{".": fs.ModeDir | 0o700, lockName: 0o600, accountFile("a"): 0o600} {
		info, err := os.Stat(filepath.Join(f.path, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: mode %v; want %v", name, info.Mode(), want)
		}
	}
}
