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
	folder  string
	cmd     *exec.Cmd

	mu  sync.Mutex
	log []string
}

// start starts a server on a free port, and stops it when the test ends.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{address: freeAddress(t), args: args, folder: t.TempDir()}
	s.launch(t)
	t.Cleanup(func() {
		s.kill(t)
		if t.Failed() {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Logf("the server:\n%s", strings.Join(s.log, "\n"))
		}
	})
	return s
}

// launch starts the process and waits until it accepts connections.
func (s *server) launch(t *testing.T) {
	t.Helper()
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", s.folder, "--save", ""}, s.args...)
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), name, args...)
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
			if strings.Contains(lines.Text(), "Ready to accept connections") {
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

// kill kills the process, as kill -9 does.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	_ = s.cmd.Wait() // killed
}

// options are those of a client of the server.
func (s *server) options() *redis.UniversalOptions {
	return &redis.UniversalOptions{Addrs: []string{s.address}, ContextTimeoutEnabled: true}
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
