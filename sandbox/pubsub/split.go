// One port for two protocols: gRPC connections (HTTP/2) go to the gRPC server, the rest (HTTP/1.1) to the REST server.
// So gRPC runs on grpc-go's own, fast transport.

package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"sync"
	"time"
)

// hello is how long a client may take to say which protocol it speaks.
const hello = 10 * time.Second

// acceptPause keeps a failing accept from running in circles.
const acceptPause = 50 * time.Millisecond

// splitListener hands the connections of one listener to two.
type splitListener struct {
	listener     net.Listener
	tls          *tls.Config // nil: plaintext
	http1, http2 *handedListener
}

// newSplitListener listens on an address; config nil means plaintext.
func newSplitListener(address string, config *tls.Config) (*splitListener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if config != nil {
		config = config.Clone()
		// The server's order decides: gRPC clients offer h2 alone; a REST client that offers both gets HTTP/1.1.
		config.NextProtos = []string{"http/1.1", "h2"}
	}
	return &splitListener{listener, config, newHandedListener(listener), newHandedListener(listener)}, nil
}

func (s *splitListener) run() {
	for {
		connection, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: others may be closed soon
			log.Printf("accept a connection: %v", err)
			time.Sleep(acceptPause)
			continue
		}
		go s.hand(connection)
	}
}

func (s *splitListener) hand(connection net.Conn) {
	read := s.peek
	if s.tls != nil {
		read = s.handshake
	}
	if err := connection.SetDeadline(time.Now().Add(hello)); err != nil {
		connection.Close()
		return
	}
	known, isHTTP2, err := read(connection)
	if err == nil {
		err = connection.SetDeadline(time.Time{})
	}
	if err != nil {
		connection.Close()
		return
	}
	target := s.http1
	if isHTTP2 {
		target = s.http2
	}
	target.hand(known)
}

func (s *splitListener) handshake(connection net.Conn) (net.Conn, bool, error) {
	secured := tls.Server(connection, s.tls)
	if err := secured.Handshake(); err != nil {
		log.Printf("refused endpoint=tls from=%s: %v", connection.RemoteAddr(), err)
		return nil, false, err
	}
	return secured, secured.ConnectionState().NegotiatedProtocol == "h2", nil
}

// peek looks at the first bytes: HTTP/2 begins with "PRI * HTTP/2.0" (RFC 9113, 3.4), which is no method of HTTP/1.1.
func (s *splitListener) peek(connection net.Conn) (net.Conn, bool, error) {
	buffered := bufio.NewReader(connection)
	first, err := buffered.Peek(3)
	return &peekedConn{connection, buffered}, string(first) == "PRI", err
}

type peekedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *peekedConn) Read(into []byte) (int, error) { return c.reader.Read(into) }

// handedListener is a net.Listener whose connections somebody else accepted.
type handedListener struct {
	source      net.Listener
	connections chan net.Conn
	closed      chan struct{}
	close       sync.Once
}

func newHandedListener(source net.Listener) *handedListener {
	return &handedListener{source: source, connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *handedListener) hand(connection net.Conn) {
	select {
	case l.connections <- connection:
	case <-l.closed:
		connection.Close()
	}
}

// Accept waits for the next connection.
func (l *handedListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.connections:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the common listener, too: an endpoint has both protocols or none.
func (l *handedListener) Close() error {
	var err error
	l.close.Do(func() {
		close(l.closed)
		err = l.source.Close()
	})
	return err
}

// Addr is the common address.
func (l *handedListener) Addr() net.Addr { return l.source.Addr() }
