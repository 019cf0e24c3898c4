//go:build redis

package retrywiseredis_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
)

// A server is a running redis-server, or what the variable REDIS_SERVER names, such as
// valkey-server.
type server struct {
	address string
	args    []string
	ready   string // what it prints once it is ready
	folder  string
	cmd     *exec.Cmd

	isFrozen atomic.Bool

	mu       sync.Mutex
	log      []string
	password string // that its clients have; empty: none
}

// start starts a server on a free port, and stops it when the test ends.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{address: freeAddress(t), folder: t.TempDir(), ready: "Ready to accept connections"}
	s.args = append([]string{"--bind", "127.0.0.1", "--port", strconv.Itoa(portOf(t, s.address)), "--dir", s.folder, "--save", ""}, args...)
	s.begin(t)
	return s
}

// begin launches the server, and kills it when the test ends.
func (s *server) begin(t *testing.T) {
	t.Helper()
	s.launch(t)
	t.Cleanup(func() {
		_, _ = s.cmd.Process.Kill(), s.cmd.Wait() // it may be killed already
		if t.Failed() {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Logf("the server:\n%s", strings.Join(s.log, "\n"))
		}
	})
}

// launch starts the process and waits until it accepts connections.
func (s *server) launch(t *testing.T) {
	t.Helper()
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), name, s.args...)
	output, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("%v: run .ci/redis, which installs it", err)
	}
	if !s.isReady(output) {
		s.mu.Lock()
		defer s.mu.Unlock()
		t.Fatalf("%s does not start:\n%s", name, strings.Join(s.log, "\n"))
	}
}

// isReady reads what the process prints until it is ready, and goes on reading.
func (s *server) isReady(output io.Reader) bool {
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			s.mu.Lock()
			s.log = append(s.log, lines.Text())
			s.mu.Unlock()
			if strings.Contains(lines.Text(), s.ready) {
				select {
				case ready <- true:
				default:
				}
			}
		}
		close(ready)
	}()
	return <-ready
}

func (s *server) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// freeze stops the process, as SIGSTOP does, until it is thawed.
func (s *server) freeze(t *testing.T) {
	t.Helper()
	s.isFrozen.Store(true)
	s.signal(t, syscall.SIGSTOP)
}

func (s *server) thaw(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
	s.isFrozen.Store(false)
}

// kill kills the process, as kill -9 does.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	_ = s.cmd.Wait() // killed
}

// options are those of a client of the server.
func (s *server) options() *redis.UniversalOptions {
	o := &redis.UniversalOptions{Addrs: []string{s.address}, ContextTimeoutEnabled: true}
	if s.knownPassword() != "" {
		o.CredentialsProvider = func() (string, string) { return "", s.knownPassword() }
	}
	return o
}

// knownPassword returns the password that clients have, also those that are already open.
func (s *server) knownPassword() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.password
}

func (s *server) learnPassword(password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

// does returns what has a server execute commands, one after the other on one connection.
func does(commands ...string) func(*server, *testing.T) {
	return func(s *server, t *testing.T) {
		t.Helper()
		c := redis.NewUniversalClient(s.options())
		defer func() { _ = c.Close() }()
		for _, command := range commands {
			var words []any
			for word := range strings.FieldsSeq(command) {
				words = append(words, word)
			}
			if err := c.Do(context.WithoutCancel(t.Context()), words...).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// client returns a client of the server.
func (s *server) client(t *testing.T) redis.UniversalClient {
	t.Helper()
	return open(t, s.options())
}

// open returns a client, and closes it when the test ends.
func open(t *testing.T, o *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	c := redis.NewUniversalClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// store returns a Store on the server.
func (s *server) store(t *testing.T) *retrywiseredis.Store {
	t.Helper()
	store, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(s.client(t)), retrywiseredis.Options{Timeout: patient})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// patient is a timeout that a slow machine does not exceed.
const patient = 10 * time.Second

// exchanged makes an Exchange that succeeds.
func exchanged(t *testing.T, s traffic.Store, x traffic.Exchange) traffic.Result {
	t.Helper()
	r, err := s.Exchange(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// portOf returns the port of an address.
func portOf(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// poll waits for what nothing tells.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range soon / (50 * time.Millisecond) {
		if is() {
			return
		}
		<-tick.C
	}
	t.Fatalf("after %v, still not: %s", soon, what)
}
