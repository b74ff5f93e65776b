use std::fmt;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::work::pool::{Collected, Collecting, Crew};

#[wasm_bindgen]
extern "C" {
    /// The `Crew` of `pkg/src/crew.ts`.
    pub type JsCrew;
    #[wasm_bindgen(method)]
    fn begin(this: &JsCrew, network: Option<Uint8Array>);
    #[wasm_bindgen(method, js_name = hasRoom)]
    fn has_room(this: &JsCrew, left: u32) -> bool;
    #[wasm_bindgen(method)]
    fn give(this: &JsCrew, index: u32, part: Uint8Array);
    #[wasm_bindgen(method)]
    fn collect(this: &JsCrew, wait: bool) -> Promise;
}

/// Helpers in workers of their own, behind message ports.
pub(super) struct Workers(pub JsCrew);

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workers")
    }
}

impl Crew for Workers {
    fn begin(&self, network: Option<Vec<u8>>) {
        self.0.begin(network.map(|bytes| Uint8Array::from(bytes.as_slice())));
    }

    fn has_room(&self, left: usize) -> bool {
        self.0.has_room(left as u32)
    }

    fn give(&self, index: usize, part: Vec<u8>) {
        self.0.give(index as u32, Uint8Array::from(part.as_slice()));
    }

    fn collect(&self, wait: bool) -> Collecting<'_> {
        let answers = JsFuture::from(self.0.collect(wait));
        Box::pin(async move { answers.await.map(|answers| collected(&answers)).unwrap_or_default() })
    }
}

/// From `[index, Uint8Array | undefined][]`.
fn collected(answers: &JsValue) -> Collected {
    let answer = |pair: JsValue| {
        let pair = Array::from(&pair);
        let bytes = pair.get(1).dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec());
        pair.get(0).as_f64().map(|index| (index as usize, bytes))
    };
    Array::from(answers).iter().filter_map(answer).collect()
}
