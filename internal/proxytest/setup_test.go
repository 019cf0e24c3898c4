//go:build proxies

// Package proxytest tests a Client behind real proxies, as .ci/proxies installs them. The
// build tag keeps these tests out of go test ./..., which must not need a proxy.
package proxytest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testcert"
	"github.com/retrywise/retrywise/policy"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A proxy is a running process that listens with TLS.
type proxy struct {
	url   string
	roots *x509.CertPool // which trust it
	log   *bytes.Buffer  // read it after the process has ended
}

// A command returns the command of a proxy that inherits its listening socket as file
// descriptor 3. It may write files to folder, where certificate is the name of one with
// certificate and key.
type command func(folder, address, certificate string) *exec.Cmd

// start starts a proxy, and stops it when the test ends. No request can come too early, as
// the socket is listening before the process starts.
func start(t *testing.T, c command) *proxy {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	socket, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	p := &proxy{url: "https://" + listener.Addr().String(), log: &bytes.Buffer{}}
	folder := t.TempDir()
	cmd := c(folder, listener.Addr().String(), p.certificate(t, folder))
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = []*os.File{socket}, p.log, p.log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // so that it ends its children
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run .ci/proxies, which installs it", err)
	}
	t.Cleanup(func() { // the test's context has ended, and so the process
		if err := cmd.Wait(); t.Failed() {
			t.Logf("%s: %v\n%s", cmd.Path, err, p.log)
		}
	})
	return p
}

// certificate makes a certificate that p.roots trust, and returns the name of its file.
func (p *proxy) certificate(t *testing.T, folder string) string {
	t.Helper()
	c := testcert.New(t)
	p.roots = c.Roots
	return write(t, folder, "proxy.pem", string(c.PEM)+string(c.Key))
}

// write writes a file and returns its path.
func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newClient returns a client that trusts p.
func (p *proxy) newClient(t *testing.T, r policy.Retry) *client.Client {
	t.Helper()
	transport := client.NewTransport()
	transport.TLSClientConfig = &tls.Config{RootCAs: p.roots}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(client.Config{BaseURL: p.url, Transport: transport, Policy: new(policy.Default().WithRetry(r))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// An end is how a call ended.
type end struct {
	path     string
	protocol string // of the response
	applied  apierrors.Applied
	err      error
}

// post makes n POSTs, each to a path of its own, by some workers, and returns how each ended.
func post(t *testing.T, c *client.Client, n, workers int) []end {
	t.Helper()
	ends, todo := make([]end, n), make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range todo {
				ends[i] = postOnce(t, c, fmt.Sprint("/orders/", i))
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	all.Wait()
	return ends
}

func postOnce(t *testing.T, c *client.Client, path string) end {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(`{"amount":1}`))
	if err != nil {
		t.Error(err)
	}
	resp, err := c.Send(req)
	if err != nil {
		e, _ := errors.AsType[*apierrors.Error](err)
		return end{path: path, applied: e.Applied, err: err}
	}
	return end{path: path, protocol: resp.Proto, applied: apierrors.AppliedYes, err: resp.Body.Close()}
}
