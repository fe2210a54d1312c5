package stamper

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"time"
)

const maxRedirects = 3

// client is the one given, or one that goes where it is told and nowhere else: the environment names no proxy for it,
// it keeps no cookies, and follows redirects only to the same server, by the same method.
func (h *HTTP) client() *http.Client {
	if h.Client != nil {
		return h.Client
	}
	return &http.Client{CheckRedirect: sameServer, Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: defaultTimeout,
		ForceAttemptHTTP2:     true,
		DisableKeepAlives:     true, // one call a night
	}}
}

func sameServer(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case req.URL.Scheme != first.URL.Scheme || req.URL.Host != first.URL.Host:
		return fmt.Errorf("redirected to another server, %s", req.URL.Host)
	case req.Method != first.Method: // 301 and 302 make a GET of a POST
		return errors.New("redirected in a way that drops the request")
	}
	return nil
}

// authorize adds what the server wants to know. It is not sent in clear, but to this machine.
func (h *HTTP) authorize(req *http.Request) error {
	if h.User == "" && h.HeaderFile == "" {
		return nil
	}
	if !private(req.URL) {
		return errors.New("a password is not sent over http")
	}
	if h.HeaderFile == "" {
		req.SetBasicAuth(h.User, h.Password)
		return nil
	}
	name, value, err := readHeader(h.HeaderFile)
	if err != nil {
		return err
	}
	req.Header.Set(name, value)
	return nil
}

func private(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// readHeader reads a file of one line, NAME: VALUE. Errors do not show what is in it.
func readHeader(file string) (name, value string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", "", err
	}
	name, value, ok := strings.Cut(strings.TrimSpace(string(data)), ":")
	if !ok || name == "" || strings.ContainsAny(name+value, "\r\n") || strings.Contains(name, " ") {
		return "", "", fmt.Errorf("%s is not one line, NAME: VALUE", file)
	}
	return textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value), nil
}
