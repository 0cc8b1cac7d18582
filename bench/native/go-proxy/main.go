// A gateway as a Go programmer would write it with net/http and encoding/json and nothing else: it knows its keys,
// decodes the whole call, finds the model's upstream, forwards over kept-alive connections, passes streams on as they
// come, and books the usage that the reply tells.
//
//	go-proxy --port 9201 --upstream http://127.0.0.1:9101 --key sk-… --models bench-burst,bench-paced
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxBodyBytes = 10 << 20
	// The last event of a stream tells the usage; more than this it never needs.
	tailBytes   = 1 << 10
	bufferBytes = 32 << 10
	// As many as the largest load of the benchmark keeps open, so that no connection is made twice.
	maxConnections = 20000
)

// A call as the chat API knows it; every member is decoded, since a gateway that checks calls must look at all of them.
type chatCall struct {
	Model               string         `json:"model"`
	Messages            []chatMessage  `json:"messages"`
	Stream              bool           `json:"stream"`
	StreamOptions       *streamOptions `json:"stream_options"`
	Temperature         *float64       `json:"temperature"`
	TopP                *float64       `json:"top_p"`
	MaxTokens           *int           `json:"max_tokens"`
	MaxCompletionTokens *int           `json:"max_completion_tokens"`
	Stop                any            `json:"stop"`
	Tools               []chatTool     `json:"tools"`
	ToolChoice          any            `json:"tool_choice"`
	ResponseFormat      map[string]any `json:"response_format"`
	User                string         `json:"user"`
	Metadata            map[string]any `json:"metadata"`
}

type chatMessage struct {
	Role string `json:"role"`
	// A text, or a list of parts.
	Content    any    `json:"content"`
	Name       string `json:"name"`
	ToolCallID string `json:"tool_call_id"`
	ToolCalls  []any  `json:"tool_calls"`
}

type chatTool struct {
	Type     string         `json:"type"`
	Function map[string]any `json:"function"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type usage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
}

// What one key has used so far.
type account struct {
	calls, promptTokens, completionTokens atomic.Int64
}

func (a *account) book(used *usage) {
	a.calls.Add(1)
	if used == nil {
		return
	}
	a.promptTokens.Add(used.PromptTokens)
	a.completionTokens.Add(used.CompletionTokens)
}

type upstream struct {
	base, key string
}

type gateway struct {
	accounts  map[string]*account
	models    map[string]upstream
	first     upstream
	transport *http.Transport
	buffers   sync.Pool
}

// Headers that belong to one connection and are not passed on.
var ownHeaders = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true, "Proxy-Connection": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Content-Length": true,
}

func copyHeaders(to, from http.Header) {
	for name, values := range from {
		if !ownHeaders[name] {
			to[name] = values
		}
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":%q}}`, message)
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	authorization := r.Header.Get("Authorization")
	caller := g.accounts[strings.TrimPrefix(authorization, "Bearer ")]
	if caller == nil || !strings.HasPrefix(authorization, "Bearer ") {
		refuse(w, http.StatusUnauthorized, "the key is not known")
		return
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/chat/completions":
		g.complete(w, r, caller)
	case r.Method == http.MethodGet && r.URL.Path == "/v1/models":
		g.forward(w, r, g.first, nil, nil)
	default:
		refuse(w, http.StatusNotFound, "there is no such route")
	}
}

func (g *gateway) complete(w http.ResponseWriter, r *http.Request, caller *account) {
	body, err := readBody(w, r)
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "the body could not be read")
		return
	}
	var call chatCall
	if err := json.Unmarshal(body, &call); err != nil {
		refuse(w, http.StatusBadRequest, "the body is no call: "+err.Error())
		return
	}
	to, isKnown := g.models[call.Model]
	if !isKnown {
		refuse(w, http.StatusNotFound, "the model is not known")
		return
	}
	g.forward(w, r, to, body, caller)
}

// One allocation where the length is known, which it is for every client of the API.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, maxBodyBytes)
	if r.ContentLength < 0 {
		return io.ReadAll(limited)
	}
	if r.ContentLength > maxBodyBytes {
		return nil, errors.New("the body is too long")
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(limited, body)
	return body, err
}

func (g *gateway) forward(w http.ResponseWriter, r *http.Request, to upstream, body []byte, caller *account) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, to.base+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	copyHeaders(request.Header, r.Header)
	request.Header.Set("Authorization", "Bearer "+to.key)
	reply, err := g.transport.RoundTrip(request)
	if err != nil {
		refuse(w, http.StatusBadGateway, "the upstream did not answer")
		return
	}
	defer reply.Body.Close()
	copyHeaders(w.Header(), reply.Header)
	var used *usage
	if strings.HasPrefix(reply.Header.Get("Content-Type"), "text/event-stream") {
		w.WriteHeader(reply.StatusCode)
		used = g.passStream(w, reply.Body)
	} else {
		used = passReply(w, reply)
	}
	if caller != nil {
		caller.book(used)
	}
}

func passReply(w http.ResponseWriter, reply *http.Response) *usage {
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		refuse(w, http.StatusBadGateway, "the upstream's reply broke off")
		return nil
	}
	var told struct {
		Usage *usage `json:"usage"`
	}
	// A reply that is no JSON is passed on as well; it only has no usage.
	_ = json.Unmarshal(body, &told)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(reply.StatusCode)
	_, _ = w.Write(body)
	return told.Usage
}

// Each read is written and flushed at once; the end of the stream is kept for its usage.
func (g *gateway) passStream(w http.ResponseWriter, from io.Reader) *usage {
	flusher, canFlush := w.(http.Flusher)
	buffer := g.buffers.Get().(*[]byte)
	defer g.buffers.Put(buffer)
	tail := make([]byte, 0, 2*tailBytes)
	for {
		count, err := from.Read(*buffer)
		if count > 0 {
			if _, failure := w.Write((*buffer)[:count]); failure != nil {
				return nil
			}
			if canFlush {
				flusher.Flush()
			}
			tail = keepTail(tail, (*buffer)[:count])
		}
		if err == io.EOF {
			return readUsage(tail)
		}
		if err != nil {
			// Nothing else tells the client that its stream is not whole.
			panic(http.ErrAbortHandler)
		}
	}
}

func keepTail(tail, read []byte) []byte {
	if len(read) >= tailBytes {
		return append(tail[:0], read[len(read)-tailBytes:]...)
	}
	if over := len(tail) + len(read) - tailBytes; over > 0 {
		tail = append(tail[:0], tail[over:]...)
	}
	return append(tail, read...)
}

func readUsage(tail []byte) *usage {
	name := []byte(`"usage":{`)
	at := bytes.LastIndex(tail, name)
	if at < 0 {
		return nil
	}
	var used usage
	if json.NewDecoder(bytes.NewReader(tail[at+len(name)-1:])).Decode(&used) != nil {
		return nil
	}
	return &used
}

func main() {
	port := flag.Int("port", 9201, "loopback port")
	base := flag.String("upstream", "", "address of the upstream, without a path")
	key := flag.String("key", "", "the key that callers send")
	models := flag.String("models", "", "names, separated by commas")
	flag.Parse()
	first := upstream{*base, "sk-upstream"}
	it := &gateway{
		accounts: map[string]*account{*key: {}},
		models:   map[string]upstream{},
		first:    first,
		transport: &http.Transport{
			MaxIdleConns: maxConnections, MaxIdleConnsPerHost: maxConnections, IdleConnTimeout: 10 * time.Minute,
			DisableCompression: true,
		},
		buffers: sync.Pool{New: func() any { buffer := make([]byte, bufferBytes); return &buffer }},
	}
	for _, name := range strings.Split(*models, ",") {
		it.models[name] = first
	}
	server := &http.Server{
		Addr: fmt.Sprintf("127.0.0.1:%d", *port), Handler: it,
		ReadHeaderTimeout: time.Minute, IdleTimeout: 10 * time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}
