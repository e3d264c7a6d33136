//! The macro that makes a client of a trait.

/// Declares what other services may ask of a service.
///
/// ```
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, Serialize, Deserialize)]
/// pub struct GetGreeting { pub name: String }
///
/// kit_http::refusals! {
///     /// What greeter refuses.
///     pub enum GreeterRefusal("Greeter") {
///         /// Nobody has that name.
///         UnknownName = NOT_FOUND, "unknown_name", "nobody has that name";
///     }
/// }
/// pub type GreeterError = kit_rpc::CallError<GreeterRefusal>;
///
/// kit_rpc::contract! {
///     /// What other services may ask of greeter.
///     pub trait Greeter("greeter"), client GreeterClient, error GreeterError {
///         /// A greeting for a name.
///         query greeting(GetGreeting) -> String;
///     }
/// }
///
/// struct GreeterService;
///
/// impl Greeter for GreeterService {
///     async fn greeting(&self, _: &kit_rpc::CallContext, request: GetGreeting) -> Result<String, GreeterError> {
///         Ok(format!("good day, {}", request.name))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use kit_rpc::{Actor, CallContext, Deadline};
///
/// let greeter = GreeterClient::local(GreeterService);
/// let call = CallContext::new(Actor::Anonymous, Deadline::after(std::time::Duration::from_secs(1)));
/// let greeting = greeter.greeting(&call, GetGreeting { name: "Zeno".to_owned() }).await;
/// assert_eq!(greeting.unwrap(), "good day, Zeno");
/// # });
/// ```
///
/// It makes the trait, whose methods are written as plain `async fn`; and the client, a cheap handle with a
/// method of the same name for each, which never tells where the service runs:
/// - `GreeterClient::local(service)` calls it in this process,
/// - `GreeterClient::loopback(service)` does so through the codec, for tests,
/// - `GreeterClient::remote(remote)` calls it over HTTP,
/// - `GreeterClient::router(service, keys)` is the routes under `/internal/rpc/greeter/` for such calls.
///
/// A `query` changes nothing and is sent again after [`Fault::Unavailable`](crate::Fault::Unavailable) and
/// [`Fault::Unknown`](crate::Fault::Unknown), up to three times and within the deadline; a `command` is so
/// only if the call has an idempotency key. Requests are `Clone` for that reason.
#[macro_export]
macro_rules! contract {
    (
        $(#[$contract_meta:meta])*
        $visibility:vis trait $contract:ident($service:literal), client $client:ident, error $error:ty {
            $(
                $(#[$method_meta:meta])*
                $kind:ident $method:ident($request:ty) -> $answer:ty;
            )+
        }
    ) => {
        $(#[$contract_meta])*
        $visibility trait $contract: ::core::marker::Send + ::core::marker::Sync + 'static {
            $(
                $(#[$method_meta])*
                fn $method(
                    &self,
                    call: &$crate::CallContext,
                    request: $request,
                ) -> impl ::core::future::Future<Output = ::core::result::Result<$answer, $error>>
                       + ::core::marker::Send;
            )+
        }

        impl<T: $contract> $contract for ::std::sync::Arc<T> {
            $(
                fn $method(
                    &self,
                    call: &$crate::CallContext,
                    request: $request,
                ) -> impl ::core::future::Future<Output = ::core::result::Result<$answer, $error>>
                       + ::core::marker::Send {
                    T::$method(self, call, request)
                }
            )+
        }

        #[doc = ::core::concat!("Calls `", $service, "`, wherever it runs. A cheap handle.")]
        #[derive(::core::clone::Clone)]
        $visibility struct $client(::std::sync::Arc<<Self as $crate::__private::Contract>::Object>);

        impl ::core::fmt::Debug for $client {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(::core::stringify!($client))
            }
        }

        // The names in here are of no use outside, and the macro could not make them unique there.
        const _: () = {
            use $crate::__private::{BoxFuture, Dispatch, Method, Refusal, Transport};

            /// The contract with its futures boxed, so that a client need not say what is behind it.
            pub trait Object: ::core::marker::Send + ::core::marker::Sync {
                $(
                    fn $method<'a>(
                        &'a self,
                        call: &'a $crate::CallContext,
                        request: $request,
                    ) -> BoxFuture<'a, ::core::result::Result<$answer, $error>>;
                )+
            }

            impl $crate::__private::Contract for $client {
                type Object = dyn Object;
            }

            /// The service in this process.
            struct Hosted<T>(T);

            impl<T: $contract> Object for Hosted<T> {
                $(
                    fn $method<'a>(
                        &'a self,
                        call: &'a $crate::CallContext,
                        request: $request,
                    ) -> BoxFuture<'a, ::core::result::Result<$answer, $error>> {
                        const METHOD: Method = Method::$kind($service, ::core::stringify!($method));
                        let work = async move { self.0.$method(call, request).await };
                        ::std::boxed::Box::pin($crate::__private::guard(&METHOD, call.deadline(), work))
                    }
                )+
            }

            impl Object for Transport {
                $(
                    fn $method<'a>(
                        &'a self,
                        call: &'a $crate::CallContext,
                        request: $request,
                    ) -> BoxFuture<'a, ::core::result::Result<$answer, $error>> {
                        const METHOD: Method = Method::$kind($service, ::core::stringify!($method));
                        ::std::boxed::Box::pin(self.call(&METHOD, call, request))
                    }
                )+
            }

            impl<T: $contract> Dispatch for Hosted<T> {
                fn methods(&self) -> &'static [&'static str] {
                    &[$(::core::stringify!($method)),+]
                }

                fn dispatch<'a>(
                    &'a self,
                    method: &'a str,
                    body: &'a [u8],
                    step: ::core::option::Option<$crate::__private::TraceParent>,
                ) -> BoxFuture<'a, ::core::result::Result<::std::vec::Vec<u8>, Refusal>> {
                    match method {
                        $(
                            ::core::stringify!($method) => {
                                const METHOD: Method = Method::$kind($service, ::core::stringify!($method));
                                let run = move |call: $crate::CallContext, request: $request| async move {
                                    self.0.$method(&call, request).await
                                };
                                ::std::boxed::Box::pin($crate::__private::serve(&METHOD, body, step, run))
                            }
                        )+
                        _ => ::std::boxed::Box::pin(::core::future::ready(
                            ::core::result::Result::Err(Refusal::NoMethod),
                        )),
                    }
                }
            }

            impl $crate::ContractClient for $client {
                const SERVICE: &'static str = $service;

                fn of_peer(remote: $crate::Remote) -> Self {
                    Self::remote(remote)
                }

                fn through_codec(self) -> Self {
                    Self::loopback(self)
                }
            }

            // So that a client may stand where a service does.
            impl $contract for $client {
                $(
                    async fn $method(
                        &self,
                        call: &$crate::CallContext,
                        request: $request,
                    ) -> ::core::result::Result<$answer, $error> {
                        $client::$method(self, call, request).await
                    }
                )+
            }

            impl $client {
                /// Calls a service in this process.
                pub fn local(service: impl $contract) -> Self {
                    Self(::std::sync::Arc::new(Hosted(service)))
                }

                /// Calls a service in this process as if it ran in another: through the codec.
                pub fn loopback(service: impl $contract) -> Self {
                    Self(::std::sync::Arc::new(Transport::Loopback(::std::sync::Arc::new(Hosted(service)))))
                }

                /// Calls a service in another process.
                pub fn remote(remote: $crate::Remote) -> Self {
                    Self(::std::sync::Arc::new(Transport::Http(remote)))
                }

                /// The internal routes of a service, for the clients of other processes.
                pub fn router(
                    service: impl $contract,
                    keys: $crate::InternalKeys,
                ) -> $crate::__private::Router {
                    $crate::__private::router($service, ::std::sync::Arc::new(Hosted(service)), keys)
                }

                $(
                    $(#[$method_meta])*
                    pub async fn $method(
                        &self,
                        call: &$crate::CallContext,
                        request: $request,
                    ) -> ::core::result::Result<$answer, $error> {
                        const METHOD: Method = Method::$kind($service, ::core::stringify!($method));
                        let send = |request| self.0.$method(call, request);
                        $crate::__private::attempt(&METHOD, call, request, send).await
                    }
                )+
            }
        };
    };
}
