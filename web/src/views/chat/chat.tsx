export default function Chat() {
  return <h1>chat</h1>;
}
