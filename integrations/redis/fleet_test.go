//go:build redis

package retrywiseredis_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A trouble is what a job meets.
type trouble struct {
	args     []string // of the server
	password string   // of the server at first
	begins   func(*server, *testing.T)
	ends     func(*server, *testing.T)
	kills    bool // the first process, in place of begins

	forgets bool // the server forgets the limit
	isAway  bool // the server fails exchanges meanwhile
	isEmpty bool // and then has forgotten the limit
}

// beyond returns how many requests an interval may have beyond the rate. That is the burst, and:
// what processes have in advance, which is granted again once it is forgotten, or while others begin to
// use their shares; the bursts of the shares; and again the burst of a server that remembers it.
func (x trouble) beyond() (most int) {
	most = jobBurst
	if x.forgets || x.isAway {
		most += jobAhead
	}
	if x.isAway {
		most += jobBurst
	}
	if x.isAway && !x.isEmpty {
		most += jobBurst
	}
	return most
}

// A job of several processes goes on whatever happens to their server: no interval has more
// requests than is promised, none is stuck, each operator is told, and soon all is as before. The
// server is real, and the time is virtual.
func TestFleetThroughTrouble(t *testing.T) {
	for name, tt := range map[string]trouble{
		"none":                {},
		"SCRIPT FLUSH":        {begins: does("script flush")},
		"FLUSHALL":            {begins: does("flushall"), forgets: true},
		"a process is killed": {kills: true},
		"kill -9, and all is lost": {
			begins: (*server).kill, ends: (*server).launch, isAway: true, isEmpty: true,
		},
		"kill -9, and nothing is lost": {
			args: []string{"--appendonly", "yes", "--appendfsync", "always"}, begins: (*server).kill, ends: (*server).launch, isAway: true,
		},
		"SIGSTOP":  {begins: (*server).freeze, ends: (*server).thaw, isAway: true},
		"OOM":      {begins: does("config set maxmemory 1"), ends: does("config set maxmemory 0"), isAway: true},
		"READONLY": {begins: does("replicaof 127.0.0.1 1"), ends: does("replicaof no one"), isAway: true},
		"another password": {
			args: []string{"--requirepass", "p4ssword-old"}, password: "p4ssword-old",
			begins: does("config set requirepass p4ssword-new", "client kill type normal skipme yes"),
			ends:   func(s *server, _ *testing.T) { s.learnPassword("p4ssword-new") }, isAway: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, tt.args...)
			s.learnPassword(tt.password)
			outside := newOutside(t)
			synctest.Test(t, func(inner *testing.T) {
				testTrouble(inner, s, tt, func(f func(*server, *testing.T)) {
					if f != nil {
						outside(func() { f(s, t) })
					}
				})
			})
		})
	}
}

// long is how long each part of a job takes: before the trouble, in it, and after it.
const long = 5 * time.Second

func testTrouble(t *testing.T, s *server, tt trouble, do func(func(*server, *testing.T))) {
	j := newJob()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first, kill := context.WithCancel(ctx)
	defer kill()
	stores := make([]*virtualStore, jobProcesses)
	for i := range stores {
		stores[i] = s.virtualStore(t)
		if i == 0 {
			j.begin(first, t, stores[i])
			continue
		}
		j.begin(ctx, t, stores[i])
	}
	time.Sleep(long)
	do(tt.begins)
	if tt.kills {
		stores[0].isKilled.Store(true)
		kill()
	}
	began := time.Now()
	time.Sleep(long)
	meanwhile := j.since(began)
	do(tt.ends)
	time.Sleep(3 * time.Second) // within which all is as before
	ended := time.Now()
	time.Sleep(long)
	after := j.since(ended)
	cancel()
	j.end(t)
	checkRequests(t, j, tt, meanwhile, after)
	checkTold(t, j, tt)
}

// checkRequests checks how many requests there were in the trouble and after it, and that the limit
// was kept. To find out that a server is frozen takes a second.
func checkRequests(t *testing.T, j *job, tt trouble, meanwhile, after int) {
	t.Helper()
	all := jobRate * long.Seconds()
	if float64(meanwhile) < 0.7*all || float64(after) < 0.9*all {
		t.Errorf("%d requests in the trouble, and %d after it; want at least 0.7 and 0.9 of %v", meanwhile, after, all)
	}
	if got, most := j.beyond(), tt.beyond(); got > float64(most) {
		t.Errorf("%.1f requests beyond the rate; want at most %d", got, most)
	}
	if j.longest > 2*time.Second {
		t.Errorf("a request waited for %v; want at most 2s", j.longest)
	}
	t.Logf("%.1f requests beyond the rate, of %d; %d in the trouble, %d after it; the longest wait: %v",
		j.beyond(), tt.beyond(), meanwhile, after, j.longest)
}

// checkTold checks that each process was told once that the server fails, and once that it works.
func checkTold(t *testing.T, j *job, tt trouble) {
	t.Helper()
	for i, told := range j.told {
		var want []error
		switch {
		case tt.isAway:
			want = []error{cmpopts.AnyError, nil}
		case tt.kills && i == 0:
			want = []error{errKilled}
		}
		if diff := cmp.Diff(want, told, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("process %d was told (-want +got):\n%s", i, diff)
		}
		if len(told) > 0 && strings.Contains(told[0].Error(), "p4ssword") {
			t.Errorf("process %d was told %v", i, told[0])
		}
	}
}
