package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/internal/filelock"
)

// openFolder opens a new folder.
func openFolder(t *testing.T) *Folder {
	t.Helper()
	f, err := OpenFolder(filepath.Join(t.TempDir(), "shared"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// exchanged is what a process may do.
func exchanged(t *testing.T, s Store, x Exchange) Result {
	t.Helper()
	r, err := s.Exchange(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// files are those of a folder, with what they have.
func files(t *testing.T, f *Folder) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(f.path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(f.path, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

// hourWindow asks for units of a window that lasts.
func hourWindow(account, process string, want int) Exchange {
	return Exchange{Account: account, Process: process, Limits: []Take{{Limit: "l", Size: 10, Window: time.Hour, Want: want}}}
}

func TestFolderDoesTheSameAsMemoryStore(t *testing.T) {
	for seed := range uint64(*seeds) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 4))
			folder, memory := openFolder(t), NewMemoryStore()
			for i := range 500 {
				x := randomExchange(random)
				if diff := cmp.Diff(exchanged(t, memory, x), exchanged(t, folder, x)); diff != "" {
					t.Fatalf("seed %d, exchange %d: (-memory +folder)\n%s", seed, i, diff)
				}
				time.Sleep(time.Duration(random.Int64N(int64(100 * ms))))
				if random.IntN(50) == 0 {
					time.Sleep(time.Duration(random.Int64N(int64(10 * time.Minute))))
				}
			}
		})
	}
}

// randomExchange makes an exchange of one of a few processes about one of a few accounts.
func randomExchange(random *rand.Rand) Exchange {
	pick := func(n int) int { return random.IntN(n + 1) }
	long := func() time.Duration { return time.Duration(random.Int64N(int64(time.Second))) }
	take := Take{Limit: fmt.Sprint(pick(2)), Want: pick(5), Back: pick(1), BackFrom: long()}
	switch pick(3) {
	case 0:
		take.PerSecond, take.Burst = 20, 5
	case 1:
		take.Size, take.Window = 20, 5*time.Second
	case 2:
		take.Size, take.Window, take.Edge = 20, 5*time.Second, 4*long()
	default:
		take.Slots, take.Busy = 5, pick(2)
		take.Hold = take.Busy + pick(2)
	}
	if pick(100) == 0 {
		take.Close = 10 * long()
	}
	sight := Sight{Endpoint: []string{"", "e"}[pick(1)], Probe: pick(1) == 0, Elsewhere: pick(30) == 0}
	if pick(4) == 0 {
		sight.Served, sight.Left = pick(3), long()
	}
	if pick(1) == 0 {
		sight.Failures, sight.First, sight.Calls, sight.Cause = pick(9), long(), []string{fmt.Sprint(pick(5))}, "503"
	}
	return Exchange{
		Account: fmt.Sprint(pick(1)), Process: fmt.Sprint(pick(3)), Limits: []Take{take}, Outages: []Sight{sight},
		Budget:   Purse{Spent: pick(4) - 2, Full: 10, Most: 20},
		Renewals: []Permit{{Rejected: "r", Returns: pick(1) == 0, For: 10 * long()}},
	}
}

func TestFolderKeepsAccountsApart(t *testing.T) {
	f := openFolder(t)
	for _, step := range []struct {
		account string
		want    int
	}{{"a", 10}, {"a", 0}, {"../b", 10}, {"../b", 0}, {"", 10}} {
		if got := exchanged(t, f, hourWindow(step.account, "p", 11)).Limits[0].Now; got != step.want {
			t.Errorf("account %q: %d units; want %d", step.account, got, step.want)
		}
	}
	if all := files(t, f); len(all) != 4 {
		t.Errorf("%d files; want the lock, and one for each account", len(all))
	}
}

func TestFolderSetsADamagedFileAside(t *testing.T) {
	for name, damaged := range map[string]string{
		"empty":             "",
		"cut":               `{"clock":1,"board":{"lim`,
		"of another kind":   `[1]`,
		"without a time":    `{"board":{}}`,
		"a limit is null":   `{"clock":1,"board":{"limits":{"l":null}}}`,
		"a lease is null":   `{"clock":1,"board":{"limits":{"l":{"slots":{"p":null}}}}}`,
		"an outage is null": `{"clock":1,"board":{"outages":{"l":null}}}`,
		"too large":         strings.Repeat(" ", maxAccountFile) + `{"clock":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := openFolder(t)
			if err := os.WriteFile(filepath.Join(f.path, accountFile("a")), []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := exchanged(t, f, hourWindow("a", "p", 11)).Limits[0].Now; got != 10 {
				t.Errorf("%d units; want 10", got)
			}
			if files(t, f)[accountFile("a")+corruptSuffix] != damaged {
				t.Error("the damaged file is not there")
			}
			if got := exchanged(t, f, hourWindow("a", "p", 11)).Limits[0].Now; got != 0 {
				t.Errorf("then %d units; want 0", got)
			}
		})
	}
}

func TestOpenFolderSaysWhatToDo(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly := filepath.Join(parent, "readonly")
	if err := os.Mkdir(readOnly, 0o500); err != nil {
		t.Fatal(err)
	}
	noLock := filepath.Join(parent, "nolock")
	if err := os.MkdirAll(filepath.Join(noLock, lockName), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"": "the path of the folder is empty",
		filepath.Join(parent, "missing", "shared"): "make " + filepath.Join(parent, "missing") + ", and let this user write there",
		file:     "must be one that this user may write to",
		noLock:   "must be one that this user may write to",
		readOnly: "must be one that this user may write to",
	} {
		if path == readOnly && os.Geteuid() == 0 {
			continue // root may write anywhere
		}
		if _, err := OpenFolder(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenFolder(%q): %v; want %q", path, err, want)
		}
	}
}

func TestOpenFolderThatIsInUse(t *testing.T) {
	f := openFolder(t)
	release, err := filelock.Try(filepath.Join(f.path, lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := OpenFolder(f.path); err != nil {
		t.Error(err)
	}
}

// A folder that cannot be used any more is an error of Exchange, until it can.
func TestFolderThatIsGone(t *testing.T) {
	f := openFolder(t)
	for name, spoil := range map[string]func() error{
		"no folder":           func() error { return os.RemoveAll(f.path) },
		"a folder as new.tmp": func() error { return os.MkdirAll(filepath.Join(f.path, newName), 0o700) },
		"a folder as the account": func() error {
			account := filepath.Join(f.path, accountFile("a"))
			return errors.Join(os.RemoveAll(account), os.Mkdir(account, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			_, err := f.Exchange(t.Context(), hourWindow("a", "p", 1))
			if pathError := (*fs.PathError)(nil); !errors.As(err, &pathError) || !strings.HasPrefix(pathError.Path, f.path) {
				t.Errorf("Exchange: %v; want an error with a path", err)
			}
			if err := os.RemoveAll(f.path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(f.path, 0o700); err != nil {
				t.Fatal(err)
			}
			exchanged(t, f, hourWindow("a", "p", 1))
		})
	}
}

// Exchange ends with its context while another process, or another call, has the folder.
func TestFolderMindsTheContext(t *testing.T) {
	f := openFolder(t)
	release, err := filelock.Try(filepath.Join(f.path, lockName))
	if err != nil {
		t.Fatal(err)
	}
	for _, take := range []func(){func() {}, func() { f.turn <- struct{}{} }} {
		take()
		ctx, cancel := context.WithTimeout(t.Context(), 5*ms)
		if _, err := f.Exchange(ctx, hourWindow("a", "p", 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Exchange: %v; want DeadlineExceeded", err)
		}
		cancel()
	}
	<-f.turn
	time.AfterFunc(5*ms, release)
	exchanged(t, f, hourWindow("a", "p", 1))
}

func TestFolderClock(t *testing.T) {
	var k keptBoard
	for _, step := range []struct{ machine, want time.Duration }{
		{100 * time.Hour, 100 * time.Hour},
		{101 * time.Hour, 101 * time.Hour},
		{101*time.Hour - ms, 101 * time.Hour}, // it stands still
		{101*time.Hour + ms, 101*time.Hour + ms},
		{time.Hour, 101*time.Hour + ms}, // it was set back
		{time.Hour + time.Minute, 101*time.Hour + ms + time.Minute},
		{200 * time.Hour, 300*time.Hour + ms}, // it was set right
	} {
		if got := asDuration(k.now(asMicros(step.machine))); got != step.want {
			t.Errorf("the machine says %v: %v; want %v", step.machine, got, step.want)
		}
	}
}

// A clock that was set back lets nobody wait longer than they should.
func TestFolderAfterTheClockWasSetBack(t *testing.T) {
	f := openFolder(t)
	k := keptBoard{Clock: time.Now().Add(24 * time.Hour).UnixMicro()}
	k.Board.exchange(k.Clock, Exchange{Process: "a", Limits: []Take{{Limit: "l", Close: time.Minute}}})
	if err := k.write(filepath.Join(f.path, accountFile("a")), filepath.Join(f.path, newName)); err != nil {
		t.Fatal(err)
	}
	got := exchanged(t, f, hourWindow("a", "b", 1))
	if got.Limits[0].Closed != time.Minute || got.Processes != 2 {
		t.Errorf("%+v; want a gate that is closed for a minute, by another process", got)
	}
}

func TestFolderIsBounded(t *testing.T) {
	f := openFolder(t)
	now := time.Now()
	keep := func(name string, age time.Duration, x ...Exchange) {
		k := keptBoard{Clock: now.Add(-age).UnixMicro()}
		for _, x := range x {
			k.Board.exchange(k.Clock, x)
		}
		path := filepath.Join(f.path, name)
		if err := k.write(path, filepath.Join(f.path, newName)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	gate := Exchange{Process: "a", Limits: []Take{{Close: 24 * time.Hour}}}
	keep(accountFile("worthless"), 2*time.Hour)
	keep(accountFile("gate"), 2*time.Hour, gate)
	keep(accountFile("young"), time.Minute)
	keep(accountFile("a")+corruptSuffix, 3*time.Hour)
	keep("b.v1.json", 3*time.Hour)
	damaged := filepath.Join(f.path, accountFile("damaged"))
	if err := os.WriteFile(damaged, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(damaged, time.Time{}, now.Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	exchanged(t, f, hourWindow("new", "p", 1))
	var got []string
	all := files(t, f)
	for _, name := range []string{"worthless", "gate", "young", "new", "damaged"} {
		if _, ok := all[accountFile(name)]; ok {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff([]string{"gate", "young", "new"}, got); diff != "" {
		t.Errorf("accounts (-want +got)\n%s", diff)
	}

	for i := range maxAccounts {
		keep(accountFile(fmt.Sprint(i)), 30*time.Minute-time.Duration(i)*time.Second)
	}
	exchanged(t, f, hourWindow("newer", "p", 1))
	all = files(t, f)
	count := 0
	for name := range all {
		if isAccountFile(name) {
			count++
		}
	}
	_, isThere := all[accountFile("gate")]
	if _, isForeign := all["b.v1.json"]; count != maxAccounts || isThere || !isForeign {
		t.Errorf("%d files, the oldest too: %v, one that is not ours: %v; want %d, false, true", count, isThere, isForeign, maxAccounts)
	}
}

// Whatever a file has, nobody gets more than was asked for.
func FuzzFolderFile(f *testing.F) {
	var k keptBoard
	random := rand.New(rand.NewPCG(1, 4))
	for range 20 {
		k.Board.exchange(k.now(boardStart+random.Int64N(1e6)), randomExchange(random))
	}
	data, err := json.Marshal(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data), uint64(1))
	f.Add(`{"clock":9e18,"board":{"limits":{"0":{"rate":{"next":-9000000000000000000}}}}}`, uint64(2))
	name := filepath.Join(f.TempDir(), accountFile("a"))
	f.Fuzz(func(t *testing.T, data string, seed uint64) {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := readKept(name)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(seed, 4))
		for range 5 {
			x := randomExchange(random)
			if g := k.Board.exchange(k.now(boardStart), x).Limits[0]; g.Now < 0 || g.Later < 0 || g.Now+g.Later > x.Limits[0].Want {
				t.Errorf("%+v gets %+v", x.Limits[0], g)
			}
		}
	})
}
