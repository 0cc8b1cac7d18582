// A client of the platform in Go, made from contracts/platform.proto as anybody would make one. It does one thing and ends:
//
//	client models | pull SOURCE | chat MODEL TEXT | give-up MODEL TEXT | usage MODEL | restart NAME | watch NAME
//
// The server is at GRPC_ADDRESS, the key in LLM_PLATFORM_KEY. What it learns it prints as JSON, one value a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"

	api "llm-platform-client/llmplatform/v1"
)

// How long everything that ends by itself may take.
const limit = time.Minute

type client struct {
	connection *grpc.ClientConn
	context    context.Context
}

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(command string, arguments []string) error {
	connection, err := grpc.NewClient(os.Getenv("GRPC_ADDRESS"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := client{connection, metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv("LLM_PLATFORM_KEY"))}
	switch command {
	case "models":
		return c.models()
	case "pull":
		return c.pull(arguments[0])
	case "chat":
		return c.chat(arguments[0], arguments[1])
	case "give-up":
		return c.giveUp(arguments[0], arguments[1])
	case "usage":
		return c.usage(arguments[0])
	case "restart":
		_, err := api.NewIntegrationsClient(c.connection).Restart(c.context, &api.IntegrationRequest{Name: arguments[0]})
		return err
	case "watch":
		return c.watch(arguments[0])
	}
	return fmt.Errorf("there is no command %q", command)
}

func (c client) models() error {
	reply, err := api.NewModelsClient(c.connection).List(c.context, &api.ModelsListRequest{})
	if err != nil {
		return err
	}
	for _, model := range reply.GetModels() {
		tell(model.GetIntegration() + "/" + model.GetId())
	}
	return nil
}

func (c client) pull(source string) error {
	integration := "ollama"
	stream, err := api.NewModelsClient(c.connection).Pull(c.context, &api.ModelPullRequest{Kind: "ollama", Source: source, Integration: &integration})
	if err != nil {
		return err
	}
	return each(stream.Recv, func(progress *api.ModelPullProgress) { tell(progress.GetPhase()) })
}

func (c client) ask(ctx context.Context, model, text string) (grpc.ServerStreamingClient[api.ChatEvent], error) {
	message := &api.ChatMessage{Role: "user", Content: &text}
	return api.NewInferenceClient(c.connection).ChatStream(ctx, &api.ChatRequest{Model: model, Messages: []*api.ChatMessage{message}})
}

func (c client) chat(model, text string) error {
	stream, err := c.ask(c.context, model, text)
	if err != nil {
		return err
	}
	return each(stream.Recv, func(event *api.ChatEvent) {
		switch {
		case event.GetDelta().GetContent() != "":
			tell(map[string]any{"content": event.GetDelta().GetContent()})
		case event.GetFinish() != nil:
			tell(map[string]any{"finish": event.GetFinish().GetReason()})
		case event.GetUsage() != nil:
			tell(map[string]any{"output_tokens": event.GetUsage().GetCompletionTokens()})
		}
	})
}

// giveUp leaves a chat after its second event.
func (c client) giveUp(model, text string) error {
	ctx, cancel := context.WithCancel(c.context)
	defer cancel()
	stream, err := c.ask(ctx, model, text)
	if err != nil {
		return err
	}
	for seen := 0; seen < 2; seen++ {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
	cancel()
	if _, err := stream.Recv(); err == nil {
		return errors.New("a call that was given up went on")
	}
	return nil
}

func (c client) operation(name string, input map[string]any) (*structpb.Struct, error) {
	message, err := structpb.NewStruct(input)
	if err != nil {
		return nil, err
	}
	reply, err := api.NewOperationsClient(c.connection).Call(c.context, &api.OperationCallRequest{Name: name, Input: message})
	return reply.GetOutput(), err
}

func (c client) usage(model string) error {
	output, err := c.operation("usage.list", map[string]any{"model": model})
	if err != nil {
		return err
	}
	for _, row := range output.GetFields()["usage"].GetListValue().GetValues() {
		tell(row.GetStructValue().GetFields()["outcome"].GetStringValue())
	}
	return nil
}

// watch tells the states of an integration from now on, until stdin ends.
func (c client) watch(integration string) error {
	kept, err := c.operation("events.list", map[string]any{"limit": 1_000})
	if err != nil {
		return err
	}
	after := strconv.FormatInt(int64(kept.GetFields()["next_after_id"].GetNumberValue()), 10)
	ctx, cancel := context.WithCancel(c.context)
	defer cancel()
	stream, err := api.NewIntegrationsClient(c.connection).WatchEvents(ctx, &api.WatchEventsRequest{AfterId: &after, Integration: &integration})
	if err != nil {
		return err
	}
	tell("watching")
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	err = each(stream.Recv, func(event *api.Event) {
		if to, ok := event.GetData().GetFields()["to"]; ok {
			tell(to.GetStringValue())
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func each[Message any](receive func() (Message, error), take func(Message)) error {
	for {
		message, err := receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		take(message)
	}
}

func tell(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
